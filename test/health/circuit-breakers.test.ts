import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BreakerChange } from '../../src/health/circuit-breaker.ts'
import { CircuitBreakers } from '../../src/health/circuit-breakers.ts'
import { UpstreamRegistry } from '../../src/upstreams/registry.ts'
import { apply, circuitBreaker, group } from '../upstreams/groups.ts'

/** The breakers of a registry whose clock a test sets. */
class Lab {
  now = 1000
  readonly registry = new UpstreamRegistry()
  readonly changes: BreakerChange[] = []
  readonly breakers = new CircuitBreakers({
    now: () => this.now,
    stamp: (now) => now,
    onChange: (change) => this.changes.push(change)
  })
  #version = 0

  apply(...groups: Parameters<typeof apply>[1]): void {
    apply(this.registry, groups, ++this.#version)
    this.breakers.update(this.registry.groups.values())
  }

  live(name = 'catalog') {
    return this.registry.groups.get(name)!.live
  }

  /** So many attempts at a backend fail. */
  fail(count: number, name = 'catalog', id = 'a:80'): void {
    const backend = this.registry.find(name, id)!
    for (let turn = 0; turn < count; turn++) {
      backend.acquire()
      backend.begin()
      backend.end('failed')
    }
  }

  tick(milliseconds = 100): void {
    this.now += milliseconds
    this.breakers.tick()
  }
}

const GUARDED = { circuitBreaker: circuitBreaker() }

test('what all backends of a group come to opens its breaker, and no other’s', () => {
  const lab = new Lab()
  lab.apply(group('catalog', ['a', 'b'], GUARDED), group('orders', ['a'], GUARDED), group('free', ['a']))
  lab.fail(10)
  lab.fail(10, 'catalog', 'b:80')
  lab.fail(19, 'orders')
  lab.fail(99, 'free')
  lab.tick()
  assert.deepEqual(lab.changes, [
    { group: 'catalog', from: 'closed', to: 'open', reason: 'failure_percent', failurePercent: 100 }
  ])
  assert.deepEqual([lab.live().breaker, lab.live().opensAt], ['open', 6100])
  assert.deepEqual([lab.live('orders').breaker, lab.live('free').breaker], ['closed', 'closed'])
})

test('trials that the threads let through decide', () => {
  const lab = new Lab()
  lab.apply(group('catalog', ['a'], GUARDED))
  lab.fail(20)
  lab.tick()
  lab.tick(5000)
  assert.equal(lab.live().breaker, 'half-open')
  lab.live().beginTrial(3)
  lab.live().endTrial(false)
  lab.tick()
  assert.equal(lab.live().breaker, 'open')
  lab.tick(5000)
  for (let count = 0; count < 3; count++) {
    lab.tick()
    lab.live().beginTrial(3)
    lab.live().endTrial(true)
  }
  lab.tick()
  assert.equal(lab.live().breaker, 'closed')
  assert.deepEqual(
    lab.changes.map(({ to, reason }) => [to, reason]),
    [
      ['open', 'failure_percent'],
      ['half-open', 'time_passed'],
      ['open', 'trial_failed'],
      ['half-open', 'time_passed'],
      ['closed', 'trials_passed']
    ]
  )
})

test('a reload keeps it open, and without the setting it is closed', () => {
  const lab = new Lab()
  lab.apply(group('catalog', ['a'], GUARDED))
  lab.fail(20)
  lab.tick()
  lab.apply(group('catalog', ['b'], GUARDED))
  lab.tick()
  assert.equal(lab.live().breaker, 'open')
  lab.apply(group('catalog', ['b']))
  assert.equal(lab.live().breaker, 'closed')
  assert.deepEqual(lab.changes.slice(1), [
    { group: 'catalog', from: 'open', to: 'closed', reason: 'circuit_breaker_off' }
  ])
  assert.equal(lab.breakers.isIdle, true)
})

test('neither what went before it had one, nor a backend that goes or comes, counts for anything', () => {
  const lab = new Lab()
  lab.apply(group('catalog', ['a', 'b']))
  lab.fail(50)
  lab.apply(group('catalog', ['a', 'b'], GUARDED))
  lab.tick()
  lab.fail(19, 'catalog', 'b:80')
  lab.apply(group('catalog', ['a'], GUARDED))
  lab.tick()
  lab.apply(group('catalog', ['a', 'b'], GUARDED))
  lab.tick()
  assert.deepEqual(lab.changes, [])
})

test('a group that went and comes back begins closed', () => {
  const lab = new Lab()
  lab.apply(group('catalog', ['a'], GUARDED))
  lab.fail(20)
  lab.tick()
  lab.apply()
  assert.equal(lab.breakers.isIdle, true)
  lab.apply(group('catalog', ['a'], GUARDED))
  assert.equal(lab.live().breaker, 'closed')
})
