import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EventLog, type GatewayEvent } from '../../src/telemetry/events.ts'
import { UpstreamRegistry } from '../../src/upstreams/registry.ts'
import { apply, check, group } from '../upstreams/groups.ts'

const died = { type: 'worker', worker: 1, state: 'died', reason: 'stalled' } as const

test('an event gets the next number and its time', () => {
  const log = new EventLog(() => Date.UTC(2026, 0, 2, 3, 4, 5, 6))
  log.record(died)
  log.record({ type: 'worker', worker: 1, state: 'serving' })
  assert.deepEqual(log.after(0), [
    { ...died, id: 1, time: '2026-01-02T03:04:05.006Z' },
    { type: 'worker', worker: 1, state: 'serving', id: 2, time: '2026-01-02T03:04:05.006Z' }
  ])
})

test('listeners are told of each event once', () => {
  const log = new EventLog()
  const told: GatewayEvent[] = []
  log.on('event', (event) => told.push(event))
  log.record(died)
  assert.deepEqual(told, log.after(0))
})

test('a reader that comes back gets what it missed', () => {
  const log = new EventLog()
  for (let count = 0; count < 5; count++) log.record(died)
  assert.deepEqual(
    log.after(3).map(({ id }) => id),
    [4, 5]
  )
  assert.deepEqual(log.after(5), [])
  assert.deepEqual(log.after(99), [])
})

test('only the last 256 events are kept, and their numbers go on', () => {
  const log = new EventLog()
  for (let count = 0; count < 1000; count++) log.record(died)
  const kept = log.after(0)
  assert.equal(kept.length, 256)
  assert.deepEqual([kept[0]?.id, kept.at(-1)?.id], [745, 1000])
})

test('any number of readers is no leak', (t) => {
  const warn = t.mock.method(process, 'emitWarning', () => {})
  const log = new EventLog()
  for (let reader = 0; reader < 50; reader++) log.on('event', () => {})
  assert.equal(warn.mock.callCount(), 0)
})

test('what becomes of backends and groups is recorded, each under its type and with all that is known', () => {
  const log = new EventLog(() => 0)
  const registry = new UpstreamRegistry({ now: () => 0 })
  log.follow(registry)
  apply(registry, [group('catalog', ['a', 'b'], { healthCheck: check() })], 1)
  registry.observe({ group: 'catalog', id: 'a:80', healthy: false, reason: 'timeout' })
  registry.setState('catalog', 'a:80', 'draining')
  registry.tick()
  registry.eject('catalog', 'a:80', 'success_rate', 1000)
  registry.readmit('catalog', 'a:80', 'probe_passed')
  const traffic = { group: 'catalog', from: 'first_tier', to: 'nobody', tiers: [] } as const
  registry.emit('traffic', traffic)
  registry.emit('breaker', { group: 'catalog', from: 'open', to: 'half-open', reason: 'time_passed' })
  const time = '1970-01-01T00:00:00.000Z'
  const facts = { group: 'catalog', backend: 'a:80', url: 'http://a' }
  assert.deepEqual(log.after(0), [
    { type: 'health', ...facts, from: 'healthy', to: 'unhealthy', reason: 'timeout', id: 1, time },
    { type: 'state', ...facts, from: 'active', to: 'draining', inFlight: 0, id: 2, time },
    { type: 'drained', ...facts, state: 'draining', id: 3, time },
    {
      type: 'ejection',
      ...facts,
      state: 'enforced',
      reason: 'success_rate',
      dryRun: false,
      until: '1970-01-01T00:00:01.000Z',
      id: 4,
      time
    },
    { type: 'ejection', ...facts, state: 'ended', reason: 'probe_passed', dryRun: false, id: 5, time },
    { type: 'traffic', ...traffic, id: 6, time },
    { type: 'breaker', group: 'catalog', from: 'open', to: 'half-open', reason: 'time_passed', id: 7, time }
  ])
})
