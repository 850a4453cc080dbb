import assert from 'node:assert/strict'
import { suite, test, type TestContext } from 'node:test'
import Fastify, { type LightMyRequestResponse } from 'fastify'
import problemDetails from '../../plugins/problem-details.ts'
import { doubtRoutes, registrationRoutes } from '../../src/admin/registrations.ts'
import type { AdminContext } from '../../src/admin/routes.ts'
import { registerStrict } from '../../src/admin/strict-routes.ts'
import { type BackendView, upstreamRoutes } from '../../src/admin/upstreams.ts'
import { withRunTimeBackends } from '../../src/membership/overlay.ts'
import { Registrar } from '../../src/membership/registrar.ts'
import { UpstreamRegistry } from '../../src/upstreams/registry.ts'
import { collectLog } from '../helpers/log-lines.ts'
import { MemoryStore } from '../helpers/memory-store.ts'
import { apply, check, group } from '../upstreams/groups.ts'

const NEW = 'http://10.0.0.9:80'

/** The admin API over a registry that follows its store, as the gateway does. */
async function admin(t: TestContext) {
  const registry = new UpstreamRegistry()
  const config = [group('catalog', ['a', 'b'], { healthCheck: check() })]
  const store = new MemoryStore()
  let generation = 0
  const enforce = async (): Promise<void> => {
    const sources = { snapshot: store.snapshot, discovered: new Map() }
    const { upstreams } = withRunTimeBackends({ upstreams: config } as never, sources)
    apply(registry, upstreams, ++generation)
    for (const { group: name, url, state } of store.snapshot.entries.values()) {
      const backend = registry.groups.get(name)?.backends.find((each) => each.url === url)
      if (backend) registry.setState(name, backend.id, state)
    }
  }
  await enforce()
  const registrar = new Registrar({ registry, store, id: 'gateway-1', now: () => 1000, enforce })
  const { log, lines } = collectLog('info')
  const app = Fastify({
    ajv: { customOptions: { removeAdditional: false, coerceTypes: 'array' } }
  })
  app.log = log
  t.after(() => app.close())
  app.decorateRequest('operator', null)
  app.addHook('onRequest', async (request) => void (request.operator = 'ann'))
  const membership = { registrar, store, conflicts: [] }
  const context = { registry, membership, generation: () => generation } as unknown as AdminContext
  await app.register(problemDetails)
  await registerStrict(app, '/api', async (api) => {
    await api.register(upstreamRoutes, context)
    await api.register(registrationRoutes, context)
    await api.register(doubtRoutes, context)
  })
  const call = async (
    method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE',
    path: string,
    payload?: object,
    match?: string
  ) =>
    await app.inject({
      method,
      url: `/api/upstreams/catalog/backends${path}`,
      ...(payload && { payload }),
      ...(match !== undefined && { headers: { 'if-match': match } })
    })
  return { app, call, registry, store, audits: () => lines('changed by the admin API') }
}

function view(response: LightMyRequestResponse): BackendView & { generation: number; detail: string } {
  return response.json()
}

suite('a registration', () => {
  test('is 201 with the backend, in force, and says which generation has it', async (t) => {
    const { call, registry } = await admin(t)
    const response = await call('POST', '', {
      url: `${NEW}/`,
      weight: 3,
      tier: 1,
      maxInFlight: 5,
      ttl: '15s'
    })
    const { id, url, weight, tier, maxInFlight, source, ttl, health, version, generation } = view(response)
    assert.equal(response.statusCode, 201)
    assert.deepEqual([id, url, weight, tier, maxInFlight], ['10.0.0.9:80', 'http://10.0.0.9', 3, 1, 5])
    // Nothing is known of it before its first probe.
    assert.deepEqual([source, ttl, health, version, generation], ['registration', 15, 'unhealthy', 1, 2])
    assert.equal(response.headers.etag, '"1"')
    assert.ok(registry.find('catalog', id))
  })

  test('of the same URL again is 200 with the same id, and renews its lease', async (t) => {
    const { call, store } = await admin(t)
    const first = await call('POST', '', { url: NEW, ttl: 15 })
    const again = await call('POST', '', { url: 'HTTP://10.0.0.9', ttl: '15s' })
    assert.deepEqual([again.statusCode, view(again).id, view(again).version], [200, view(first).id, 1])
    assert.equal(store.renewed.length, 1)
  })

  test('with other facts changes those and keeps the rest', async (t) => {
    const { call } = await admin(t)
    await call('POST', '', { url: NEW, weight: 3, ttl: 15 })
    const again = await call('POST', '', { url: NEW, tier: 2 })
    const { weight, tier, ttl, version } = view(again)
    assert.deepEqual([again.statusCode, weight, tier, ttl, version], [200, 3, 2, 15, 2])
  })

  test('of a backend of the file is 200, and the file wins', async (t) => {
    const { call, store } = await admin(t)
    const response = await call('POST', '', { url: 'http://a', weight: 9 })
    assert.deepEqual([response.statusCode, view(response).weight, view(response).source], [200, 1, 'file'])
    assert.equal(store.snapshot.entries.size, 0)
  })

  test('may be healthy from the start', async (t) => {
    const { call } = await admin(t)
    assert.equal(view(await call('POST', '', { url: NEW, initially: 'healthy' })).health, 'healthy')
  })

  for (const [wrong, body, said] of [
    ['no URL', {}, "must have required property 'url'"],
    ['a URL with a path', { url: 'http://a/path' }, 'body/url must be an origin'],
    ['a URL with credentials', { url: 'http://u:secret@a' }, 'body/url must be a URL without credentials'],
    ['a short ttl', { url: NEW, ttl: 0.5 }, 'body/ttl must be a duration'],
    ['a ttl that is none', { url: NEW, ttl: 'soon' }, 'body/ttl must be a duration'],
    ['an unknown property', { url: NEW, wait: 3 }, 'body must not have "wait"'],
    ['a weight beyond its range', { url: NEW, weight: 1001 }, 'body/weight must be <= 1000']
  ] as const) {
    test(`with ${wrong} is a 400 that says so`, async (t) => {
      const { call, store } = await admin(t)
      const response = await call('POST', '', body)
      assert.equal(response.statusCode, 400)
      assert.ok(view(response).detail.includes(said), view(response).detail)
      assert.ok(!response.body.includes('secret'))
      assert.equal(store.snapshot.version, 0)
    })
  }

  test('while the store is away is 503, and nothing is half done', async (t) => {
    const { call, store, registry } = await admin(t)
    store.trouble = 'connect_refused'
    const response = await call('POST', '', { url: NEW })
    assert.deepEqual([response.statusCode, response.headers['retry-after']], [503, '1'])
    assert.equal(registry.groups.get('catalog')!.backends.length, 2)
  })
})

suite('a registered backend', () => {
  test('can be changed, and drained and brought back', async (t) => {
    const { call } = await admin(t)
    const id = `/${view(await call('POST', '', { url: NEW })).id}`
    assert.equal(view(await call('PATCH', id, { weight: 7, state: 'draining' })).weight, 7)
    assert.equal(view(await call('GET', id)).state, 'draining')
    assert.equal(view(await call('PATCH', id, { state: 'active' })).state, 'active')
  })

  test('is changed only by who knows its latest version', async (t) => {
    const { call } = await admin(t)
    const created = await call('POST', '', { url: NEW })
    const id = `/${view(created).id}`
    const changed = await call('PATCH', id, { weight: 2 }, created.headers.etag)
    assert.deepEqual([changed.statusCode, changed.headers.etag], [200, '"2"'])
    const late = await call('PATCH', id, { weight: 3 }, '"1"')
    assert.equal(late.statusCode, 412)
    // Nor by who would change nothing.
    assert.equal((await call('PATCH', id, { weight: 2 }, '"1"')).statusCode, 412)
    assert.equal((await call('DELETE', id, undefined, '"1"')).statusCode, 412)
    assert.equal((await call('PATCH', id, { weight: 3 }, 'W/"2"')).statusCode, 400)
    assert.equal((await call('PATCH', id, { weight: 3 }, '*')).statusCode, 200)
    assert.equal((await call('GET', id)).headers.etag, '"3"')
  })

  test('that is removed drains first, and may come back', async (t) => {
    const { call, store } = await admin(t)
    const id = `/${view(await call('POST', '', { url: NEW, ttl: 15 })).id}`
    const removed = await call('DELETE', id)
    const { state, leaving } = view(removed)
    assert.deepEqual([removed.statusCode, state, leaving], [202, 'draining', 'removed'])
    assert.equal([...store.snapshot.entries.values()][0]!.removal!.by, 'gateway-1')
    // Its heartbeats no longer count; a registration does.
    assert.equal((await call('PUT', `${id}/lease`)).statusCode, 404)
    const back = await call('POST', '', { url: NEW })
    assert.deepEqual([view(back).state, view(back).leaving], ['active', null])
  })

  test('that is removed at once is gone', async (t) => {
    const { call, store } = await admin(t)
    const id = `/${view(await call('POST', '', { url: NEW })).id}`
    assert.equal((await call('DELETE', `${id}?now=true`)).statusCode, 202)
    assert.equal((await call('GET', id)).statusCode, 404)
    assert.equal(store.snapshot.entries.size, 0)
  })

  test('renews its lease, if it has one', async (t) => {
    const { call, store } = await admin(t)
    await call('POST', '', { url: NEW, ttl: 15 })
    const renewed = await call('PUT', '/10.0.0.9:80/lease')
    assert.deepEqual(
      [renewed.statusCode, renewed.json<{ ttl: number }>().ttl, store.renewed.length],
      [200, 15, 1]
    )
    await call('POST', '', { url: 'http://10.0.0.8' })
    assert.equal((await call('PUT', '/10.0.0.8:80/lease')).statusCode, 409)
    assert.equal((await call('PUT', '/a:80/lease')).statusCode, 404)
  })
})

test('a backend of the file can be drained, but neither removed nor changed otherwise', async (t) => {
  const { call, store } = await admin(t)
  assert.equal((await call('DELETE', '/a:80')).statusCode, 409)
  assert.equal((await call('PATCH', '/a:80', { weight: 2 })).statusCode, 409)
  assert.equal(view(await call('PATCH', '/a:80', { state: 'disabled' })).state, 'disabled')
  assert.equal(store.snapshot.entries.size, 1)
  // What says nothing is not kept.
  await call('PATCH', '/a:80', { state: 'active' })
  assert.equal(store.snapshot.entries.size, 0)
})

test('a doubt about the store is settled by who knows, and only when there is one', async (t) => {
  const { app, call, store, audits } = await admin(t)
  const order = async (name: string) =>
    (await app.inject({ method: 'POST', url: `/api/registrations/${name}` })).statusCode
  assert.equal(await order('confirm'), 409)
  store.trouble = 'connect_refused'
  assert.equal(await order('confirm'), 409)
  store.trouble = 'unconfirmed_snapshot'
  assert.equal((await call('POST', '', { url: NEW })).statusCode, 503)
  assert.equal(await order('confirm'), 200)
  store.trouble = 'unconfirmed_snapshot'
  assert.equal(await order('restore'), 200)
  assert.deepEqual(
    [store.orders, audits().map(({ action }) => action)],
    [
      ['confirm', 'restore'],
      ['confirm', 'restore']
    ]
  )
})

test('every change is one line that says who did what, before and after, and nothing else is', async (t) => {
  const { call, audits } = await admin(t)
  await call('POST', '', { url: NEW })
  await call('POST', '', { url: NEW })
  await call('PATCH', '/10.0.0.9:80', { state: 'draining' })
  await call('PATCH', '/10.0.0.9:80', { state: 'draining' })
  await call('PATCH', '/nobody:80', { state: 'draining' })
  await call('DELETE', '/10.0.0.9:80')
  const plain = { weight: 1, tier: 0, maxInFlight: 0 }
  assert.deepEqual(
    audits().map(({ operator, action, group: name, backend, before, after }) => [
      operator,
      action,
      name,
      backend,
      before,
      after
    ]),
    [
      ['ann', 'register', 'catalog', '10.0.0.9:80', null, { state: 'active', ...plain }],
      [
        'ann',
        'change',
        'catalog',
        '10.0.0.9:80',
        { state: 'active', ...plain },
        { state: 'draining', ...plain }
      ],
      [
        'ann',
        'remove',
        'catalog',
        '10.0.0.9:80',
        { state: 'draining', ...plain },
        { state: 'draining', ...plain, leaving: 'removed' }
      ]
    ]
  )
})
