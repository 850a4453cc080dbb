import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { UpstreamGroupConfig } from '../../src/config/types.ts'
import { UpstreamRegistry } from '../../src/upstreams/registry.ts'
import { watchTraffic } from '../../src/upstreams/traffic-watch.ts'
import { apply, check, eventsOf, group, server } from './groups.ts'

function shop(more: Partial<UpstreamGroupConfig> = {}): UpstreamGroupConfig {
  const backends = [server('a'), server('b'), server('c', { tier: 1 })]
  return group('shop', [], { backends, healthCheck: check(), ...more })
}

function watched(config: UpstreamGroupConfig) {
  const registry = new UpstreamRegistry()
  apply(registry, [config], 1)
  const stop = watchTraffic(registry)
  const changes = eventsOf(registry, 'traffic')
  const probe = (host: string, healthy: boolean): void =>
    registry.observe({
      group: 'shop',
      id: `${host}:80`,
      healthy,
      reason: healthy ? 'probe_passed' : 'timeout'
    })
  return { registry, stop, changes, probe, steps: () => changes.map(({ from, to }) => `${from} → ${to}`) }
}

test('a spill is told when it begins and when it ends, with the shares of the tiers', () => {
  const { changes, probe } = watched(shop())
  probe('a', false)
  probe('a', true)
  const [begins, ends] = changes
  assert.equal(changes.length, 2)
  assert.deepEqual([begins!.group, begins!.from, begins!.to], ['shop', 'first_tier', 'spilled'])
  assert.deepEqual(
    begins!.tiers.map(({ tier, share, panic }) => [tier, Math.round(share * 10) / 10, panic]),
    [
      [0, 0.7, false],
      [1, 0.3, false]
    ]
  )
  assert.deepEqual([ends!.from, ends!.to], ['spilled', 'first_tier'])
})

test('a panic is told, and so is that nobody is left', () => {
  const inPanic = watched(shop({ panicThreshold: 50 }))
  for (const host of ['c', 'a', 'b']) inPanic.probe(host, false)
  assert.deepEqual(inPanic.steps(), ['first_tier → panic'])
  const without = watched(shop())
  for (const host of ['c', 'a', 'b']) without.probe(host, false)
  assert.deepEqual(without.steps(), ['first_tier → nobody'])
  without.probe('b', true)
  assert.deepEqual(without.steps(), ['first_tier → nobody', 'nobody → first_tier'])
})

test('what operators, ejections and new configurations bring is told too', () => {
  const { registry, steps } = watched(shop())
  registry.setState('shop', 'a:80', 'draining')
  registry.setState('shop', 'b:80', 'disabled')
  registry.setState('shop', 'a:80', 'active')
  registry.eject('shop', 'a:80', 'consecutive_failures', 1000)
  registry.readmit('shop', 'a:80', 'time_passed')
  assert.deepEqual(steps().slice(0, 2), ['first_tier → spilled', 'spilled → first_tier'])
  assert.deepEqual(steps().slice(2), ['first_tier → spilled', 'spilled → first_tier'])
  apply(registry, [group('shop', ['b', 'd'], { healthCheck: check() })], 2)
  assert.equal(steps().length, 4)
  registry.setState('shop', 'd:80', 'disabled')
  assert.equal(steps().at(-1), 'first_tier → nobody')
})

test('a group is news only when it changes, and after the end nothing is', () => {
  const { registry, stop, changes, probe } = watched(shop())
  apply(registry, [shop(), group('ill', ['x'], { healthCheck: check({ initially: 'unhealthy' }) })], 2)
  assert.deepEqual(changes, [])
  stop()
  probe('a', false)
  assert.deepEqual(changes, [])
})
