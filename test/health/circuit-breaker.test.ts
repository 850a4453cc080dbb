import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { CircuitBreaker } from '../../src/health/circuit-breaker.ts'
import { SlidingWindow } from '../../src/health/sliding-window.ts'
import { circuitBreaker } from '../upstreams/groups.ts'

const NONE = { succeeded: 0, failed: 0 }
const NO_TRIALS = { passed: 0, failed: 0 }

suite('the sliding window', () => {
  test('holds what came within its length', () => {
    const window = new SlidingWindow(10_000)
    for (let second = 0; second <= 12; second++) window.add(second * 1000, { succeeded: 10, failed: second })
    // What came at 2 s is as old as it is long.
    assert.deepEqual(window.sum(12_000), { succeeded: 100, failed: 75 })
    assert.deepEqual(window.sum(21_900), { succeeded: 10, failed: 12 })
    assert.deepEqual(window.sum(22_000), NONE)
  })

  test('is right to a fiftieth of its length, however often something is added', () => {
    const window = new SlidingWindow(1000)
    for (let now = 1; now <= 5000; now++) window.add(now, { succeeded: 1, failed: 0 })
    const { succeeded } = window.sum(5000)
    assert.ok(succeeded >= 980 && succeeded <= 1000, String(succeeded))
  })

  test('takes another length, and forgets when it is told to', () => {
    const window = new SlidingWindow(1000)
    window.add(0, { succeeded: 1, failed: 0 })
    window.add(900, { succeeded: 2, failed: 0 })
    window.resize(500)
    assert.deepEqual(window.sum(1000), { succeeded: 2, failed: 0 })
    window.clear()
    assert.deepEqual(window.sum(1000), NONE)
  })
})

suite('a circuit breaker', () => {
  test('opens when the share of failures is reached, with enough of them', () => {
    for (const [succeeded, failed, percent] of [
      [10, 10, 50],
      [0, 20, 100],
      [99, 101, 51],
      [101, 99, undefined],
      [9, 10, undefined],
      [0, 0, undefined]
    ] as const) {
      const breaker = new CircuitBreaker(circuitBreaker())
      const change = breaker.advance(0, { succeeded, failed }, NO_TRIALS)
      const expected =
        percent === undefined
          ? undefined
          : { from: 'closed', to: 'open', reason: 'failure_percent', failurePercent: percent }
      assert.deepEqual(change, expected, `${succeeded} and ${failed}`)
    }
  })

  test('goes by the window: old failures count no more, a few at a time add up', () => {
    const breaker = new CircuitBreaker(circuitBreaker({ window: 1000 }))
    assert.equal(breaker.advance(0, { succeeded: 0, failed: 19 }, NO_TRIALS), undefined)
    assert.equal(breaker.advance(1000, { succeeded: 0, failed: 1 }, NO_TRIALS), undefined)
    for (let now = 1100; now < 1900; now += 100) {
      assert.equal(breaker.advance(now, { succeeded: 0, failed: 2 }, NO_TRIALS), undefined)
    }
    assert.equal(breaker.advance(1900, { succeeded: 0, failed: 3 }, NO_TRIALS)?.to, 'open')
    assert.equal(breaker.opensAt, 6900)
  })

  test('half opens after a while, and closes when three trials passed, with nothing counted from before', () => {
    const breaker = new CircuitBreaker(circuitBreaker())
    breaker.advance(0, { succeeded: 0, failed: 50 }, NO_TRIALS)
    assert.equal(breaker.advance(4999, { succeeded: 0, failed: 50 }, NO_TRIALS), undefined)
    assert.deepEqual(breaker.advance(5000, NONE, NO_TRIALS), {
      from: 'open',
      to: 'half-open',
      reason: 'time_passed'
    })
    assert.equal(breaker.advance(60_000, { succeeded: 0, failed: 50 }, { passed: 2, failed: 0 }), undefined)
    assert.deepEqual(breaker.advance(60_100, NONE, { passed: 3, failed: 0 }), {
      from: 'half-open',
      to: 'closed',
      reason: 'trials_passed'
    })
    assert.equal(breaker.advance(60_200, { succeeded: 0, failed: 19 }, NO_TRIALS), undefined)
    assert.equal(breaker.advance(60_300, { succeeded: 0, failed: 1 }, NO_TRIALS)?.to, 'open')
  })

  test('opens again for as long when a trial failed, however many passed', () => {
    const breaker = new CircuitBreaker(circuitBreaker({ openFor: 700 }))
    breaker.advance(0, { succeeded: 0, failed: 50 }, NO_TRIALS)
    breaker.advance(700, NONE, NO_TRIALS)
    assert.deepEqual(breaker.advance(800, NONE, { passed: 5, failed: 1 }), {
      from: 'half-open',
      to: 'open',
      reason: 'trial_failed'
    })
    assert.equal(breaker.advance(1499, NONE, NO_TRIALS), undefined)
    assert.equal(breaker.advance(1500, NONE, NO_TRIALS)?.to, 'half-open')
  })

  test('takes other settings as it is', () => {
    const breaker = new CircuitBreaker(circuitBreaker())
    assert.equal(breaker.advance(0, { succeeded: 60, failed: 40 }, NO_TRIALS), undefined)
    breaker.configure(circuitBreaker({ failurePercent: 40, openFor: 1000 }))
    assert.equal(breaker.advance(100, NONE, NO_TRIALS)?.failurePercent, 40)
    assert.equal(breaker.state, 'open')
    assert.equal(breaker.opensAt, 1100)
  })
})
