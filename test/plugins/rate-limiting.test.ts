import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import rateLimit from '@fastify/rate-limit'
import Fastify, { type FastifyInstance } from 'fastify'
import problemDetails from '../../plugins/problem-details.ts'
import rateLimiting, { type RateLimitingOptions } from '../../plugins/rate-limiting.ts'
import requestRecord from '../../plugins/request-record.ts'
import routing from '../../plugins/routing.ts'
import type { RateLimitConfig, RouteConfig } from '../../src/config/types.ts'
import type { Verdict } from '../../src/limits/limit-table.ts'
import type { RateLimiter } from '../../src/limits/limiter.ts'
import { RouteTable } from '../../src/routing/route-table.ts'
import { route } from '../routing/routes.ts'

/** A limit that lets through what its burst says, and no more during a test. */
function limit(name: string, burst: number, more: Partial<RateLimitConfig> = {}): RateLimitConfig {
  const rate = { limit: 1, per: 3_600_000, burst }
  return { name, ...rate, key: [{ from: 'ip' }], cost: 1, dryRun: false, allow: [], maxKeys: 100, ...more }
}

interface Parts extends RateLimitingOptions {
  readonly routes?: readonly RouteConfig[]
  /** Registers what is the app's own, before the plugin. */
  readonly own?: (app: FastifyInstance) => void | Promise<void>
}

/** A plain app that answers at `/` and `/own`, and tells a request's `dryRunLimit` and `limit` in a header. */
async function limited(t: TestContext, { routes = [], own, ...options }: Parts): Promise<FastifyInstance> {
  const app = Fastify()
  t.after(() => app.close())
  await app.register(problemDetails)
  await app.register(requestRecord)
  await app.register(routing, { table: new RouteTable(routes) })
  await own?.(app)
  await app.register(rateLimiting, options)
  app.addHook('onSend', async ({ record }, reply) => {
    void reply.header('x-record', `${record.limit} ${record.dryRunLimit} ${record.reason}`)
  })
  app.get('/', () => 'ok')
  app.get('/own', () => 'ok')
  return app
}

interface Answer {
  readonly status: number
  readonly record: unknown
  readonly policy: unknown
  readonly state: unknown
  readonly retryAfter: unknown
}

async function ask(app: FastifyInstance, url = '/', headers: Record<string, string> = {}): Promise<Answer> {
  const { statusCode, headers: told } = await app.inject({ url, headers })
  return {
    status: statusCode,
    record: told['x-record'],
    policy: told['ratelimit-policy'],
    state: told.ratelimit,
    retryAfter: told['retry-after']
  }
}

async function statuses(app: FastifyInstance, count: number, url?: string): Promise<number[]> {
  const found: number[] = []
  for (let sent = 0; sent < count; sent++) found.push((await ask(app, url)).status)
  return found
}

test('an app has limits of its own, with memory of its own', async (t) => {
  const one = await limited(t, { limits: [limit('all', 2)] })
  const other = await limited(t, { limits: [limit('all', 2)] })
  assert.deepEqual(await statuses(one, 3), [200, 200, 429])
  assert.deepEqual(await statuses(other, 3), [200, 200, 429])
  const { record, policy, state, retryAfter } = await ask(one)
  assert.equal(record, 'all undefined rate_limited')
  assert.equal(policy, '"all";q=1;w=3600')
  assert.match(String(state), /^"all";r=0;t=3[56]\d\d$/)
  assert.match(String(retryAfter), /^3[56]\d\d$/)
})

test('what the app itself does not have is limited too', async (t) => {
  const app = await limited(t, { limits: [limit('all', 3)], routes: [route('/api', { methods: ['POST'] })] })
  assert.deepEqual([...(await statuses(app, 1, '/nothing')), ...(await statuses(app, 1, '/api'))], [404, 405])
  assert.deepEqual([...(await statuses(app, 1)), ...(await statuses(app, 1, '/nothing'))], [200, 429])
})

test('an app without limits has no fields, and none of its requests is refused', async (t) => {
  const app = await limited(t, {})
  const { status, policy, state } = await ask(app)
  assert.deepEqual([status, policy, state], [200, undefined, undefined])
})

test('limits stack, and a refusal by a later one costs nothing of the earlier ones', async (t) => {
  const app = await limited(t, {
    limits: [limit('wide', 5), limit('middle', 4)],
    routes: [route('/own', { rateLimit: [limit('narrow', 1)] })]
  })
  assert.equal((await ask(app, '/own')).status, 200)
  for (let sent = 0; sent < 10; sent++) {
    const { status, record, state } = await ask(app, '/own')
    assert.deepEqual([status, record], [429, 'narrow undefined rate_limited'])
    assert.match(String(state), /^"wide";r=3;t=\d+, "middle";r=2;t=\d+, "narrow";r=0;t=\d+$/)
  }
  assert.deepEqual(await statuses(app, 5), [200, 200, 200, 429, 429])
  // Nor of the wide one by the middle one.
  assert.match(String((await ask(app)).state), /^"wide";r=0;t=\d+, "middle";r=0;t=\d+$/)
})

test('a dry run counts, never refuses, and is in no field', async (t) => {
  const app = await limited(t, { limits: [limit('trial', 2, { dryRun: true }), limit('real', 4)] })
  const answers: Answer[] = []
  for (let sent = 0; sent < 5; sent++) answers.push(await ask(app))
  assert.deepEqual(
    answers.map(({ status, record }) => [status, record]),
    [
      [200, 'undefined undefined undefined'],
      [200, 'undefined undefined undefined'],
      [200, 'undefined trial undefined'],
      [200, 'undefined trial undefined'],
      [429, 'real trial rate_limited']
    ]
  )
  for (const { policy, state } of answers) {
    assert.equal(policy, '"real";q=1;w=3600')
    assert.doesNotMatch(String(state), /trial/)
  }
})

test('of several dry runs the first that would have refused is told; alone they leave no field', async (t) => {
  const app = await limited(t, {
    limits: [
      limit('a', 9, { dryRun: true }),
      limit('b', 1, { dryRun: true }),
      limit('c', 1, { dryRun: true })
    ]
  })
  await ask(app)
  const { status, record, policy, state } = await ask(app)
  assert.deepEqual([status, record, policy, state], [200, 'undefined b undefined', undefined, undefined])
})

test('a dry run does not count what another limit refuses', async (t) => {
  const app = await limited(t, { limits: [limit('trial', 3, { dryRun: true }), limit('real', 1)] })
  assert.deepEqual(await statuses(app, 6), [200, 429, 429, 429, 429, 429])
  assert.equal((await ask(app)).record, 'real undefined rate_limited')
})

test('a request costs what its route does times what its limit says; of the route its own limits, what they say', async (t) => {
  const app = await limited(t, {
    limits: [limit('all', 20, { cost: 2 })],
    routes: [route('/own', { cost: 3, rateLimit: [limit('own', 10, { cost: 4 })] })]
  })
  assert.match(String((await ask(app, '/own')).state), /^"all";r=14;t=\d+, "own";r=6;t=\d+$/)
  assert.match(String((await ask(app)).state), /^"all";r=12;t=\d+$/)
  assert.match(String((await ask(app, '/own')).state), /^"all";r=6;t=\d+, "own";r=2;t=\d+$/)
  assert.match(String((await ask(app, '/own')).state), /^"all";r=0;t=\d+, "own";r=0;t=\d+$/)
  // The route's own refused: what it had cost is back.
  assert.match(String((await ask(app)).state), /^"all";r=4;t=\d+$/)
})

test('whom a limit allows is not limited by it, has no fields of it, and is limited by others', async (t) => {
  const app = await limited(t, {
    limits: [limit('some', 1, { allow: ['127.0.0.0/8', '2001:db8::/32'] }), limit('all', 3)],
    trustProxy: ['127.0.0.1']
  })
  for (let sent = 0; sent < 3; sent++) {
    const { status, policy, state } = await ask(app)
    assert.deepEqual([status, policy], [200, '"all";q=1;w=3600'])
    assert.match(String(state), /^"all";r=\d;t=\d+$/)
  }
  assert.equal((await ask(app)).record, 'all undefined rate_limited')
  // By the address of the client, whoever passes it on.
  const others = [await ask(app, '/', { 'x-forwarded-for': '192.0.2.1' })]
  others.push(await ask(app, '/', { 'x-forwarded-for': '192.0.2.1' }))
  assert.deepEqual(
    others.map(({ record }) => record),
    ['undefined undefined undefined', 'some undefined rate_limited']
  )
  assert.match(String((await ask(app, '/', { 'x-forwarded-for': '2001:db8::9' })).state), /^"all";r=2;/)
})

test('whom all limits allow has no fields', async (t) => {
  const app = await limited(t, { limits: [limit('all', 1, { allow: ['127.0.0.1'] })] })
  await ask(app)
  const { status, policy, state } = await ask(app)
  assert.deepEqual([status, policy, state], [200, undefined, undefined])
})

test('what never became a request is charged to its address, where a limit goes by that alone', async (t) => {
  const taken: string[] = []
  const admit: Verdict = { isAdmitted: true, remaining: 1, retryAfter: 0, reset: 0 }
  const app = await limited(t, {
    limits: [
      limit('by-ip', 3, { cost: 2 }),
      limit('by-user', 3, { key: [{ from: 'ip' }, { from: 'header', name: 'x-user' }] }),
      limit('by-path', 3, { key: [{ from: 'path' }] }),
      limit('not-all', 3, { allow: ['192.0.2.0/24'], dryRun: true })
    ],
    routes: [route('/own', { rateLimit: [limit('own', 1)] })],
    limiterOf: (id) => ({
      take: (key, cost) => (taken.push(`${id}: ${key} ${cost}`), admit),
      refund: () => {}
    })
  })
  app.chargeAddress('::ffff:192.0.2.1')
  app.chargeAddress('2001:db8::7')
  app.chargeAddress(undefined)
  assert.deepEqual(taken, [
    'gateway by-ip: 192.0.2.1 2',
    'gateway by-ip: 2001:db8:0:0::/64 2',
    'gateway not-all: 2001:db8:0:0::/64 1',
    'gateway by-ip: unknown 2',
    'gateway not-all: unknown 1'
  ])
})

test('what is charged to an address is what its requests lack', async (t) => {
  const app = await limited(t, { limits: [limit('all', 3)] })
  app.chargeAddress('::ffff:127.0.0.1')
  app.chargeAddress('192.0.2.1')
  assert.match(String((await ask(app)).state), /^"all";r=1;t=\d+$/)
})

test('a proxy that is trusted is not charged with what its clients send', async (t) => {
  const app = await limited(t, { limits: [limit('all', 2)], trustProxy: ['127.0.0.0/8'] })
  for (let sent = 0; sent < 5; sent++) app.chargeAddress('127.0.0.1')
  assert.deepEqual(await statuses(app, 3), [200, 200, 429])
})

test('a client has to wait for a second at least', async (t) => {
  const app = await limited(t, { limits: [limit('fast', 1, { limit: 2, per: 1000 })] })
  await ask(app)
  const { status, retryAfter, state } = await ask(app)
  assert.deepEqual([status, retryAfter, state], [429, '1', '"fast";r=0;t=1'])
})

test('a limiter that takes its time holds up its own requests only', async (t) => {
  const { promise, resolve } = Promise.withResolvers<Verdict>()
  const refunds: string[] = []
  const slow: RateLimiter = { take: () => promise, refund: (key, cost) => refunds.push(`${key} ${cost}`) }
  const full: Verdict = { isAdmitted: false, remaining: 0, retryAfter: 1500, reset: 1500 }
  const app = await limited(t, {
    routes: [route('/own', { rateLimit: [limit('slow', 9, { cost: 5 }), limit('full', 9)] })],
    limiterOf: (id) => (id === 'route /own slow' ? slow : { take: () => full, refund: () => {} })
  })
  const held = ask(app, '/own')
  assert.equal((await ask(app)).status, 200)
  resolve({ isAdmitted: true, remaining: 4, retryAfter: 0, reset: 100 })
  const { status, retryAfter, state } = await held
  assert.deepEqual([status, retryAfter, state], [429, '2', '"slow";r=4;t=1, "full";r=0;t=2'])
  assert.deepEqual(refunds, ['127.0.0.1 5'])
})

test("an app's own @fastify/rate-limit comes after, and neither meddles with the other", async (t) => {
  const app = await limited(t, { limits: [limit('all', 5)] })
  await app.register(rateLimit, { global: false })
  app.get('/theirs', { config: { rateLimit: { max: 2, timeWindow: 3_600_000 } } }, () => 'ok')
  app.get('/checked', { onRequest: app.rateLimit({ max: 1, timeWindow: 3_600_000 }) }, () => 'ok')
  assert.deepEqual(await statuses(app, 3, '/theirs'), [200, 200, 429])
  assert.deepEqual(await statuses(app, 2, '/checked'), [200, 429])
  assert.equal((await ask(app)).record, 'all undefined rate_limited')
})

test('one that comes before is refused: its store would be asked, which knows other limits', async (t) => {
  await assert.rejects(
    limited(t, { limits: [limit('all', 5)], own: (app) => void app.register(rateLimit) }),
    /has @fastify\/rate-limit for itself/
  )
})

test('the plugin says which one that it builds on is missing', async (t) => {
  const app = Fastify()
  t.after(() => app.close())
  await assert.rejects(async () => {
    await app.register(rateLimiting, {})
    await app.ready()
  }, /problem-details/)
})
