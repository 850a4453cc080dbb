import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import accessLog from '../../plugins/access-log.ts'
import balancing from '../../plugins/balancing.ts'
import circuitBreaking from '../../plugins/circuit-breaking.ts'
import forwarding from '../../plugins/forwarding.ts'
import healthChecks from '../../plugins/health-checks.ts'
import metrics from '../../plugins/metrics.ts'
import outlierDetection from '../../plugins/outlier-detection.ts'
import problemDetails from '../../plugins/problem-details.ts'
import requestRecord from '../../plugins/request-record.ts'
import routing from '../../plugins/routing.ts'
import tracing from '../../plugins/tracing.ts'
import upstreamRegistry from '../../plugins/upstream-registry.ts'
import { STATUS } from '../../src/balancing/candidate.ts'
import { RouteTable } from '../../src/routing/route-table.ts'
import { NO_ROUTE, ROUTE_LAYOUT, RouteStats } from '../../src/telemetry/route-stats.ts'
import { LiveTable } from '../../src/upstreams/live-table.ts'
import { UpstreamRegistry } from '../../src/upstreams/registry.ts'
import { until } from '../helpers/until.ts'
import { route } from '../routing/routes.ts'
import { apply, check, group, outlierDetection as detection } from '../upstreams/groups.ts'

function app(t: TestContext, options: FastifyServerOptions = {}): FastifyInstance {
  const made = Fastify({ forceCloseConnections: true, ...options })
  t.after(() => made.close())
  return made
}

const GROUPS = [
  group('catalog', ['a', 'b']),
  group('orders', ['c'], { balancing: { algorithm: 'least-connections' } })
]

test('the registry makes the groups known to the app, and owns them', async (t) => {
  const plain = app(t)
  await plain.register(upstreamRegistry, { upstreams: GROUPS })
  await plain.ready()
  assert.deepEqual([...plain.upstreams.keys()], ['catalog', 'orders'])
  plain.registry!.observe({ group: 'catalog', id: 'b:80', healthy: false, reason: 'timeout' })
  assert.equal(plain.upstreams.get('catalog')?.backends[1]?.status, STATUS.ill)
})

test('a registry that somebody else owns is followed as it changes', async (t) => {
  const registry = new UpstreamRegistry()
  apply(registry, GROUPS, 1)
  const plain = app(t)
  await plain.register(upstreamRegistry, { registry })
  await plain.ready()
  apply(registry, [group('new', ['n'])], 2)
  assert.deepEqual([...plain.upstreams.keys()], ['new'])
})

test('every group has the balancer that it is configured with', async (t) => {
  const plain = app(t)
  await plain.register(upstreamRegistry, { upstreams: GROUPS })
  await plain.register(balancing)
  await plain.ready()
  const turns = [1, 2, 3].map(() => plain.balancers.get('catalog')?.pick([])?.id)
  assert.deepEqual(turns, ['a:80', 'b:80', 'a:80'])
  assert.equal(plain.balancers.get('orders')?.pick([])?.id, 'c:80')
})

test('health checks need an owned registry, and say so', async (t) => {
  const registry = new UpstreamRegistry()
  apply(registry, GROUPS, 1)
  const plain = app(t)
  await plain.register(upstreamRegistry, { groups: registry.groups })
  await assert.rejects(async () => await plain.register(healthChecks), /where the registry is owned/)
})

test('each flip is one log line, with its reason', async (t) => {
  const lines: Record<string, unknown>[] = []
  const stream = { write: (line: string) => lines.push(JSON.parse(line) as Record<string, unknown>) }
  const plain = app(t, { logger: { level: 'info', stream } })
  await plain.register(upstreamRegistry, {
    upstreams: [group('catalog', ['a'], { healthCheck: check({ interval: 60_000 }) })]
  })
  await plain.register(healthChecks)
  await plain.ready()
  for (const healthy of [false, false, true]) {
    plain.registry!.observe({
      group: 'catalog',
      id: 'a:80',
      healthy,
      reason: healthy ? 'probe_passed' : 'timeout'
    })
  }
  const flips = lines.filter(({ msg }) => msg === 'backend health changed')
  const facts = { group: 'catalog', backend: 'a:80' }
  assert.deepEqual(
    flips.map(({ level, group: of, backend, from, to, reason }) => ({
      level,
      group: of,
      backend,
      from,
      to,
      reason
    })),
    [
      { level: 40, ...facts, from: 'healthy', to: 'unhealthy', reason: 'timeout' },
      { level: 30, ...facts, from: 'unhealthy', to: 'healthy', reason: 'probe_passed' }
    ]
  )
})

test('a plugin without those that it builds on says which one is missing', async (t) => {
  for (const [plugin, missing] of [
    [balancing, 'upstream-registry'],
    [healthChecks, 'upstream-registry'],
    [outlierDetection, 'upstream-registry'],
    [circuitBreaking, 'upstream-registry'],
    [accessLog, 'request-record'],
    [tracing, 'request-record'],
    [forwarding, 'problem-details']
  ] as const) {
    const plain = app(t)
    await assert.rejects(async () => {
      await plain.register(plugin as typeof accessLog)
      await plain.ready()
    }, new RegExp(missing))
  }
})

test('requests are counted and logged, those of the app itself and refused ones too', async (t) => {
  const lines: Record<string, unknown>[] = []
  const stream = { write: (line: string) => lines.push(JSON.parse(line) as Record<string, unknown>) }
  const plain = app(t, { logger: { level: 'info', stream } })
  const table = new LiveTable(ROUTE_LAYOUT, 1)
  table.grow(2)
  const slots = new Map([
    [NO_ROUTE, 0],
    ['own', 1]
  ])
  const stats = new RouteStats(table, slots, 0)
  await plain.register(problemDetails)
  await plain.register(requestRecord)
  // Answers before the plugins that come behind it have seen the request.
  plain.addHook('onRequest', async (request, reply) => {
    if (request.headers.authorization === undefined) return reply.status(401).send('who are you?')
    return undefined
  })
  await plain.register(routing, { table: new RouteTable([route('/own', { name: 'own' })]) })
  await plain.register(metrics, { stats })
  await plain.register(accessLog)
  plain.get('/own', () => 'mine')
  plain.get('/other', () => 'mine')
  const url = await plain.listen({ port: 0, host: '127.0.0.1' })
  const headers = { authorization: 'Bearer x' }
  for (const [path, more, status] of [
    ['/own', { headers }, 200],
    ['/other', { headers }, 200],
    ['/nothing', { headers }, 404],
    ['/own', {}, 401]
  ] as const) {
    assert.equal((await fetch(url + path, more)).status, status)
  }
  const requests = (): Record<string, unknown>[] => lines.filter(({ msg }) => msg === 'request')
  await until('all are logged', () => requests().length === 4)
  assert.deepEqual(
    requests().map(({ path, route: name, status }) => [path, name, status]),
    [
      ['/own', 'own', 200],
      ['/other', undefined, 200],
      ['/nothing', undefined, 404],
      ['/own', undefined, 401]
    ]
  )
  assert.equal(stats.requests(1, 'GET', 200), 1)
  assert.deepEqual([stats.requests(0, 'GET', 200), stats.requests(0, 'GET', 404)], [1, 1])
  assert.deepEqual([table.gauge(0), table.gauge(1)], [0, 0])
})

test('outlier detection and circuit breaking need an owned registry, and say so', async (t) => {
  const registry = new UpstreamRegistry()
  apply(registry, GROUPS, 1)
  for (const plugin of [outlierDetection, circuitBreaking]) {
    const plain = app(t)
    await plain.register(upstreamRegistry, { groups: registry.groups })
    await assert.rejects(async () => await plain.register(plugin), /where the registry is owned/)
  }
})

test('outlier detection ejects a backend that fails in the app itself, and lets go of the registry with the app', async (t) => {
  const plain = app(t)
  await plain.register(upstreamRegistry, {
    upstreams: [group('catalog', ['a', 'b'], { outlierDetection: detection({ consecutiveFailures: 2 }) })]
  })
  await plain.register(outlierDetection)
  await plain.register(circuitBreaking)
  await plain.ready()
  const registry = plain.registry!
  const backend = registry.find('catalog', 'b:80')!
  for (let count = 0; count < 2; count++) {
    backend.acquire()
    backend.begin()
    backend.end('failed')
  }
  assert.equal(backend.status, STATUS.ejected)
  registry.emit('passed', 'catalog', 'b:80')
  assert.equal(backend.status, 0)
  await plain.close()
  for (const kind of registry.eventNames()) assert.equal(registry.listenerCount(kind), 0, kind)
})

test('what operators do to backends is logged', async (t) => {
  const lines: Record<string, unknown>[] = []
  const stream = { write: (line: string) => lines.push(JSON.parse(line) as Record<string, unknown>) }
  const plain = app(t, { logger: { level: 'info', stream } })
  await plain.register(upstreamRegistry, { upstreams: GROUPS })
  await plain.ready()
  plain.registry!.setState('catalog', 'b:80', 'draining')
  plain.registry!.tick()
  assert.deepEqual(
    lines.map(({ msg, group: of, backend, from, to, inFlight, state }) => ({
      msg,
      of,
      backend,
      rest: [from, to, inFlight, state]
    })),
    [
      {
        msg: 'backend state changed',
        of: 'catalog',
        backend: 'b:80',
        rest: ['active', 'draining', 0, undefined]
      },
      {
        msg: 'backend drained',
        of: 'catalog',
        backend: 'b:80',
        rest: [undefined, undefined, undefined, 'draining']
      }
    ]
  )
})
