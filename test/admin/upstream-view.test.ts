import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type BackendView, type GroupView, viewGroup } from '../../src/admin/upstream-view.ts'
import type { UpstreamGroupConfig } from '../../src/config/types.ts'
import { sharedNow, stamp } from '../../src/shared-clock.ts'
import type { Backend } from '../../src/upstreams/backend.ts'
import { UpstreamRegistry } from '../../src/upstreams/registry.ts'
import { apply, check, group } from '../upstreams/groups.ts'

interface Shop {
  readonly registry: UpstreamRegistry
  readonly backends: readonly Backend[]
  readonly view: (now?: number) => GroupView
}

function shop(hosts: readonly string[], more: Partial<UpstreamGroupConfig> = {}): Shop {
  const registry = new UpstreamRegistry({ now: () => 1000 })
  apply(registry, [group('shop', hosts, { healthCheck: check(), ...more })], 1)
  const made = registry.groups.get('shop')!
  return { registry, backends: made.backends, view: (now = sharedNow()) => viewGroup(registry, made, now) }
}

/** Some fields of a view. */
function pick<K extends keyof BackendView>(view: BackendView, ...keys: K[]): Pick<BackendView, K> {
  return Object.fromEntries(keys.map((key) => [key, view[key]])) as Pick<BackendView, K>
}

test('what nothing is known of is null', () => {
  const [a] = shop(['a']).view().backends
  assert.deepEqual(pick(a!, 'latency', 'utilization', 'ejectedUntil', 'timeToFirstByte', 'failuresInRow'), {
    latency: null,
    utilization: null,
    ejectedUntil: null,
    timeToFirstByte: { p50: null, p99: null },
    failuresInRow: 0
  })
})

test('what a backend does is shown in seconds, shares and counts', () => {
  const { backends, view } = shop(['a', 'b'])
  const [a, b] = backends
  b!.learn(5000)
  b!.report(0.4)
  assert.deepEqual(pick(view().backends[1]!, 'latency', 'utilization'), { latency: 0.005, utilization: 0.4 })
  for (const outcome of ['succeeded', 'failed', 'failed'] as const) {
    a!.acquire()
    a!.begin()
    a!.end(outcome)
  }
  a!.acquire()
  assert.deepEqual(pick(view().backends[0]!, 'attempts', 'failures', 'failuresInRow', 'inFlight', 'share'), {
    attempts: 3,
    failures: 2,
    failuresInRow: 2,
    inFlight: 1,
    share: 0.5
  })
})

test('an ejected backend is unhealthy, with the reason, since when and until when', () => {
  const { registry, view } = shop(['a', 'b'])
  registry.eject('shop', 'a:80', 'consecutive_failures', 31_000)
  assert.deepEqual(pick(view().backends[0]!, 'health', 'reason', 'since', 'ejectedUntil', 'state', 'share'), {
    health: 'unhealthy',
    reason: 'consecutive_failures',
    since: '1970-01-01T00:00:01.000Z',
    ejectedUntil: '1970-01-01T00:00:31.000Z',
    state: 'active',
    share: 0
  })
  registry.readmit('shop', 'a:80', 'time_passed')
  assert.deepEqual(pick(view().backends[0]!, 'health', 'ejectedUntil', 'share'), {
    health: 'healthy',
    ejectedUntil: null,
    share: 0.5
  })
})

test('a slow start shows in the share', () => {
  const { backends, view } = shop(['a', 'b'], { slowStart: 10_000 })
  const now = sharedNow()
  backends[0]!.setSlowStart(stamp(now))
  const shareAt = (time: number): number => Math.round(view(time).backends[0]!.share * 100) / 100
  assert.deepEqual([shareAt(now), shareAt(now + 5000), shareAt(now + 10_000)], [0.09, 0.33, 0.5])
})

test('of the group: panic, circuit breaker, line and tiers', () => {
  const circuitBreaker = { failurePercent: 50, minRequests: 20, window: 10_000, openFor: 5000 }
  const { registry, view } = shop(['a', 'b'], { panicThreshold: 60, circuitBreaker })
  const ofGroup = ({ panic, breaker, waiting, tiers }: GroupView): object => ({
    panic,
    breaker,
    waiting,
    tiers
  })
  assert.deepEqual(ofGroup(view()), {
    panic: false,
    breaker: 'closed',
    waiting: 0,
    tiers: [{ tier: 0, share: 1, panic: false }]
  })
  registry.observe({ group: 'shop', id: 'a:80', healthy: false, reason: 'timeout' })
  const { live } = registry.groups.get('shop')!
  live.setBreaker('open', stamp(sharedNow() + 1000))
  live.addWaiting(1)
  assert.deepEqual(ofGroup(view()), {
    panic: true,
    breaker: 'open',
    waiting: 1,
    tiers: [{ tier: 0, share: 1, panic: true }]
  })
})
