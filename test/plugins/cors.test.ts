import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import Fastify, { type FastifyInstance, type InjectOptions } from 'fastify'
import cors from '../../plugins/cors.ts'
import problemDetails from '../../plugins/problem-details.ts'
import requestRecord from '../../plugins/request-record.ts'
import routing from '../../plugins/routing.ts'
import type { RouteConfig } from '../../src/config/types.ts'
import { ProblemError } from '../../src/problem.ts'
import { RouteTable } from '../../src/routing/route-table.ts'
import { CORS, corsFields, preflightFields, SHOP } from '../access/cors.ts'
import { route } from '../routing/routes.ts'

const ROUTES = [
  route('/shop', { methods: ['GET', 'POST'], cors: CORS }),
  route('/sub', { cors: { ...CORS, origins: ['https://*.example.com'], allowedHeaders: ['x-a', 'X-B'] } }),
  route('/all', { cors: { ...CORS, origins: ['*'], exposedHeaders: ['x-a', 'x-b'], maxAge: 1999 } }),
  route('/login', { cors: { ...CORS, methods: ['PUT'], credentials: true } }),
  route('/none')
]

/** An app that refuses all that gets to its limits with 429. */
async function refusingApp(routes: readonly RouteConfig[]): Promise<FastifyInstance> {
  const app = Fastify()
  await app.register(problemDetails)
  await app.register(requestRecord)
  await app.register(routing, { table: new RouteTable(routes) })
  await app.register(cors)
  app.addHook('onRequest', async () => {
    throw new ProblemError(429, 'rate_limited', 'Too many requests.')
  })
  await app.ready()
  return app
}

suite('a route with cors', () => {
  let app: FastifyInstance
  before(async () => {
    app = await refusingApp(ROUTES)
  })
  after(() => app.close())

  const answered = async (url: string, headers: Record<string, string>, more: InjectOptions = {}) => {
    const { statusCode, headers: fields, body } = await app.inject({ url, headers, ...more })
    return {
      status: statusCode,
      fields: corsFields(fields),
      length: fields['content-length'],
      body,
      all: fields
    }
  }
  const preflight = async (url: string, headers: Record<string, string>) =>
    await answered(url, headers, { method: 'OPTIONS' })

  test('answers a preflight itself, before limits, with a 204 that has no length', async () => {
    const { status, fields, length, body, all } = await preflight('/shop/1', preflightFields(SHOP, 'POST'))
    assert.deepEqual([status, length, body], [204, undefined, ''])
    assert.match(String(all['x-request-id']), /./)
    assert.deepEqual(fields, {
      'access-control-allow-origin': SHOP,
      'access-control-allow-methods': 'GET, POST',
      'access-control-max-age': '600',
      vary: 'Origin, Access-Control-Request-Headers'
    })
  })

  test('lets pages send the header fields that they ask for, or those that it names', async () => {
    const asking = { 'access-control-request-headers': 'x-a,x-c' }
    const any = await preflight('/shop', preflightFields(SHOP, 'GET', asking))
    assert.equal(any.fields['access-control-allow-headers'], 'x-a,x-c')
    const named = await preflight('/sub', preflightFields(SHOP, 'GET', asking))
    assert.equal(named.fields['access-control-allow-headers'], 'x-a, X-B')
    assert.equal(named.fields.vary, 'Origin')
  })

  test('takes the methods that cors names, else its own, else all usual ones', async () => {
    const methods = async (url: string, method: string) =>
      (await preflight(url, preflightFields(SHOP, method))).fields['access-control-allow-methods']
    assert.equal(await methods('/login', 'GET'), 'PUT')
    assert.equal(await methods('/sub', 'GET'), 'GET, HEAD, POST, PUT, PATCH, DELETE')
  })

  for (const [kind, origin] of [
    ['foreign', 'https://evil.test'],
    ['null', 'null'],
    ['similar', `${SHOP}.evil.test`]
  ] as const) {
    test(`answers the preflight of a ${kind} origin without allowing it`, async () => {
      for (const url of ['/shop', '/sub', '/login']) {
        const { status, fields } = await preflight(url, preflightFields(origin))
        assert.equal(status, 204)
        assert.equal('access-control-allow-origin' in fields, false)
        assert.match(String(fields.vary), /^Origin/)
      }
    })
  }

  test('allows all subdomains by a wildcard, and each by its name', async () => {
    for (const origin of ['https://a.example.com', 'https://a.b.example.com']) {
      const { fields } = await preflight('/sub', preflightFields(origin))
      assert.equal(fields['access-control-allow-origin'], origin)
    }
    const { fields } = await preflight('/sub', preflightFields('https://example.com'))
    assert.equal('access-control-allow-origin' in fields, false)
  })

  test('allows all origins by *, whatever they are, and then does not vary by them', async () => {
    const { fields } = await answered('/all', { origin: 'https://anyone.test' })
    assert.deepEqual(fields, {
      'access-control-allow-origin': '*',
      'access-control-expose-headers': 'x-a, x-b'
    })
    const asked = await preflight('/all', preflightFields('https://anyone.test'))
    assert.equal(asked.fields['access-control-max-age'], '1', 'whole seconds')
  })

  test('says that credentials may come along', async () => {
    const { fields } = await preflight('/login', preflightFields(SHOP, 'PUT'))
    assert.equal(fields['access-control-allow-credentials'], 'true')
    assert.equal(fields['access-control-allow-origin'], SHOP)
  })

  test("lets pages read the gateway's own errors", async () => {
    const { status, fields } = await answered('/shop', { origin: SHOP })
    assert.equal(status, 429)
    assert.deepEqual(fields, { 'access-control-allow-origin': SHOP, vary: 'Origin' })
    const foreign = await answered('/shop', { origin: 'https://evil.test' })
    assert.deepEqual(foreign.fields, { vary: 'Origin' })
    const none = await answered('/shop', {})
    assert.deepEqual(none.fields, { vary: 'Origin' })
  })

  test('takes an OPTIONS that is no preflight like any request', async () => {
    const { status, fields } = await preflight('/login', { origin: SHOP })
    assert.equal(status, 429)
    assert.equal(fields['access-control-allow-origin'], SHOP)
    assert.equal('access-control-allow-methods' in fields, false)
  })

  test('takes an OPTIONS that names no method, or no origin, like any request', async () => {
    for (const [origin, method] of [
      [SHOP, ''],
      ['', 'GET']
    ] as const)
      assert.equal((await preflight('/sub', preflightFields(origin, method))).status, 429)
  })

  test('changes nothing of a route without, nor of what no route takes', async () => {
    for (const url of ['/none', '/nowhere']) {
      assert.deepEqual((await answered(url, { origin: SHOP })).fields, {})
      const asked = await preflight(url, preflightFields(SHOP))
      assert.deepEqual([asked.status, asked.fields], [429, {}])
    }
  })
})

test('a route with cors that takes OPTIONS allows nothing on one without', async (t) => {
  const app = await refusingApp([
    route('/api', { cors: { ...CORS, credentials: true } }),
    route('/api/admin', { methods: ['GET', 'DELETE'] })
  ])
  t.after(() => app.close())
  const ask = async (url: string, method: string) => {
    const { statusCode, headers } = await app.inject({
      method: 'OPTIONS',
      url,
      headers: preflightFields(SHOP, method)
    })
    return [statusCode, headers['access-control-allow-origin'], headers['access-control-allow-methods']]
  }
  assert.deepEqual(await ask('/api/admin/users?all', 'DELETE'), [204, undefined, undefined])
  assert.deepEqual((await ask('/api/users', 'DELETE')).slice(0, 2), [204, SHOP])
  // POST is none of that route's methods: the request would go to the one with cors.
  assert.deepEqual((await ask('/api/admin', 'POST')).slice(0, 2), [204, SHOP])
})

test('an app that has @fastify/cors for its own routes may have routes with cors too', async (t) => {
  const app = Fastify()
  t.after(() => app.close())
  await app.register(problemDetails)
  await app.register(requestRecord)
  await app.register(routing, { table: new RouteTable(ROUTES) })
  app.decorateRequest('corsPreflightEnabled', false)
  await app.register(cors)
  const { statusCode } = await app.inject({ method: 'OPTIONS', url: '/shop', headers: preflightFields(SHOP) })
  assert.equal(statusCode, 204)
})

test('an app without such routes has no hook for them', async (t) => {
  const app = await refusingApp([route('/none')])
  t.after(() => app.close())
  assert.equal(app.hasRequestDecorator('corsPreflightEnabled'), false)
})
