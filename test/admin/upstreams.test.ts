import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import Fastify, { type FastifyInstance } from 'fastify'
import problemDetails from '../../plugins/problem-details.ts'
import { registrationRoutes } from '../../src/admin/registrations.ts'
import type { AdminContext } from '../../src/admin/routes.ts'
import { registerStrict } from '../../src/admin/strict-routes.ts'
import { type BackendView, upstreamRoutes } from '../../src/admin/upstreams.ts'
import { UpstreamRegistry } from '../../src/upstreams/registry.ts'
import { memoryMembership } from '../helpers/memory-store.ts'
import { apply, check, group } from '../upstreams/groups.ts'

async function admin(t: TestContext): Promise<{ app: FastifyInstance; registry: UpstreamRegistry }> {
  const registry = new UpstreamRegistry()
  apply(registry, [group('catalog', ['a', 'b', '[::1]'], { healthCheck: check() })], 1)
  const app = Fastify({ ajv: { customOptions: { removeAdditional: false, coerceTypes: 'array' } } })
  t.after(() => app.close())
  await app.register(problemDetails)
  const context = {
    registry,
    membership: memoryMembership(registry),
    generation: () => 7
  } as unknown as AdminContext
  app.decorateRequest('operator', null)
  await registerStrict(app, '/api', async (api) => {
    await api.register(upstreamRoutes, context)
    await api.register(registrationRoutes, context)
  })
  return { app, registry }
}

async function patch(
  app: FastifyInstance,
  path: string,
  payload?: object | string,
  type = 'application/json'
): Promise<[status: number, body: Partial<BackendView & { detail: string }>]> {
  const response = await app.inject({
    method: 'PATCH',
    url: `/api/upstreams/${path}`,
    ...(payload !== undefined && { payload, headers: { 'content-type': type } })
  })
  return [response.statusCode, response.json()]
}

test('a state is set, and the answer is the backend', async (t) => {
  const { app, registry } = await admin(t)
  for (const state of ['draining', 'disabled', 'active', 'active'] as const) {
    const [status, body] = await patch(app, 'catalog/backends/a:80', { state })
    assert.deepEqual([status, body.id, body.state, body.health], [200, 'a:80', state, 'healthy'])
    assert.equal(body.share, state === 'active' ? 1 / 3 : 0)
    assert.equal(registry.administrative(registry.find('catalog', 'a:80')!), state)
    const response = await app.inject('/api/upstreams/catalog')
    const [view] = response.json<{ backends: BackendView[] }>().backends
    assert.deepEqual({ ...view, generation: 7 }, body)
  }
  const [status, body] = await patch(app, 'catalog/backends/%5B::1%5D:80', { state: 'disabled' })
  assert.deepEqual([status, body.id], [200, '[::1]:80'])
})

test('what the file says of a backend is a conflict, and nothing changes', async (t) => {
  const { app, registry } = await admin(t)
  for (const change of [{ weight: 2 }, { tier: 1 }, { maxInFlight: 5, state: 'disabled' }]) {
    const [status, body] = await patch(app, 'catalog/backends/a:80', change)
    assert.equal(status, 409)
    assert.ok(body.detail!.includes(Object.keys(change)[0]!), body.detail)
  }
  assert.equal(registry.administrative(registry.find('catalog', 'a:80')!), 'active')
})

test('who is not there is a 404', async (t) => {
  const { app } = await admin(t)
  for (const path of ['nobody/backends/a:80', 'catalog/backends/z:80']) {
    assert.equal((await patch(app, path, { state: 'active' }))[0], 404)
  }
  assert.match(
    (await patch(app, 'catalog/backends/z:80', { state: 'active' }))[1].detail!,
    /no backend "z:80"/
  )
})

test('anything else is a 400 that says what was expected', async (t) => {
  const { app } = await admin(t)
  for (const [payload, detail] of [
    [{}, 'body must NOT have fewer than 1 properties.'],
    [undefined, 'body must be object.'],
    [{ state: 'off' }, 'body/state must be one of active, draining, disabled.'],
    [{ state: 'active', colour: 'red' }, 'body must not have "colour".'],
    [{ weight: 'heavy' }, 'body/weight must be integer.'],
    [[], 'body must be object.']
  ] as const) {
    assert.deepEqual(
      await patch(app, 'catalog/backends/a:80', payload as object).then(([s, b]) => [s, b.detail]),
      [400, detail]
    )
  }
  assert.equal((await patch(app, 'catalog/backends/a:80', '{'))[0], 400)
  const query = await app.inject('/api/upstreams?colour=red')
  assert.deepEqual(
    [query.statusCode, query.json<{ detail: string }>().detail],
    [400, 'querystring must not have "colour".']
  )
})

test('a form of another site is no change', async (t) => {
  const { app, registry } = await admin(t)
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
    const [status] = await patch(app, 'catalog/backends/a:80', '{"state":"disabled"}', type)
    assert.ok(status === 400 || status === 415, String(status))
  }
  assert.equal(registry.administrative(registry.find('catalog', 'a:80')!), 'active')
})

test('a backend can be read, changed and removed, and nothing else', async (t) => {
  const { app } = await admin(t)
  const response = await app.inject({ method: 'POST', url: '/api/upstreams/catalog/backends/a:80' })
  assert.deepEqual([response.statusCode, response.headers.allow], [405, 'GET, HEAD, PATCH, DELETE'])
})
