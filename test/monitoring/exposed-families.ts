import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { collectDefaultMetrics, Registry } from 'prom-client'
import { loadConfig } from '../../src/config/load.ts'
import { LiveState } from '../../src/live-state.ts'
import { EventLog, type Happening } from '../../src/telemetry/events.ts'
import { allMetrics } from '../../src/telemetry/metrics/all-metrics.ts'
import { EventCounts } from '../../src/telemetry/metrics/event-counts.ts'
import { RouteStats } from '../../src/telemetry/route-stats.ts'
import { writeConfig } from '../helpers/gateway.ts'

/** A metric as a reader sees it. */
export interface ExposedFamily {
  readonly name: string
  readonly type: string
  /** Without those that Prometheus itself adds or that a type brings along (`le`). */
  readonly labels: readonly string[]
}

const CONFIG = {
  upstreams: {
    lab: {
      backends: ['http://127.0.0.1:1', 'http://127.0.0.1:2'],
      healthCheck: { initially: 'unhealthy' },
      circuitBreaker: {},
      concurrency: {}
    }
  },
  routes: [{ path: '/', upstream: 'lab', rateLimit: { limit: 1, per: '1s' } }]
}

const BACKEND = { group: 'lab', backend: '127.0.0.1:1', url: 'http://127.0.0.1:1' } as const

/** One of each kind that is counted, with all that it can say. */
const EVENTS: readonly Happening[] = [
  { type: 'health', ...BACKEND, from: 'healthy', to: 'unhealthy', reason: 'timeout' },
  {
    type: 'ejection',
    ...BACKEND,
    state: 'enforced',
    reason: 'consecutive_failures',
    dryRun: false,
    until: '2030-01-01T00:00:00.000Z'
  },
  { type: 'breaker', group: 'lab', from: 'closed', to: 'open', reason: 'failure_percent' },
  { type: 'traffic', group: 'lab', from: 'first_tier', to: 'nobody', tiers: [] },
  { type: 'registration', ...BACKEND, change: 'added' },
  { type: 'discovery', group: 'lab', state: 'failing', reason: 'nxdomain' },
  { type: 'openapi', group: 'lab', state: 'failing', reason: 'status_404' },
  { type: 'store', state: 'away', use: 'registrations', reason: 'timeout' },
  { type: 'keys', url: 'http://127.0.0.1:1/jwks', state: 'away', reason: 'timeout' },
  { type: 'certificate', path: 'server.tls.certificates[0]', state: 'refused', reason: 'key_mismatch' },
  { type: 'reload', trigger: 'file', outcome: 'failed', generation: 1, errors: [] },
  { type: 'worker', worker: 0, state: 'died', reason: 'stalled' }
]

/**
 * All metrics of the gateway, with the labels of what they show when everything has happened.
 *
 * @throws AssertionError when one shows nothing: its cause belongs here.
 */
export async function exposedFamilies(t: TestContext): Promise<ExposedFamily[]> {
  const config = await loadConfig(await writeConfig(t, CONFIG))
  const live = new LiveState(1)
  live.prepare(config, 1)
  live.commit(config, 1)
  const { stats } = live.registry.groups.get('lab')!.live
  stats.countPick(undefined, false)
  // As a thread does that has measured its loop.
  live.threads.page(0).gauges.fill(1)
  stats.countFailure('reset')
  stats.countRefusal('queue_full')
  const requests = new RouteStats(live.routes.table, new Map(live.routes.entries()), 0)
  requests.begin(0)
  requests.end(0, 'GET', 503, 0.01, 'queue_full')
  const events = new EventLog()
  const counts = new EventCounts(events, 0)
  for (const event of EVENTS) events.record(event)
  const families = allMetrics({
    facts: {
      generation: () => 1,
      workers: () => ({ configured: 1, serving: 1 }),
      threads: live.threads,
      connections: live.connections,
      gateways: () => 1,
      storeTrouble: () => undefined,
      discoveries: () => new Map([['lab', undefined]]),
      spans: () => ({ exported: 0, dropped: 0 }),
      certificates: () => [{ path: 'server.tls.certificates[0]', expires: 0 }]
    },
    registry: live.registry,
    requests: () => requests,
    limits: () => live.decisions,
    config: () => config,
    events: counts
  })
  return families.map(({ name, type, collect }) => {
    const labels = new Set<string>()
    let samples = 0
    for (const { labels: own, sharedLabels } of collect()) {
      samples++
      for (const label of Object.keys({ ...sharedLabels, ...own })) labels.add(label)
    }
    assert.ok(samples > 0, `${name} shows nothing`)
    if (type === 'histogram') labels.delete('le')
    return { name, type, labels: [...labels] }
  })
}

/** Names of what prom-client tells of the process, and of its main thread. */
export async function processFamilies(): Promise<string[]> {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const metrics = await registry.getMetricsAsJSON()
  return metrics.map(({ name }) => name)
}
