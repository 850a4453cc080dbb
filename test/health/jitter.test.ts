import assert from 'node:assert/strict'
import { test } from 'node:test'
import { jittered, jitterFactor, LONGEST_TIMER } from '../../src/health/jitter.ts'

test('the wait between two probes is the interval ± 10 %', () => {
  assert.equal(jittered(2000, jitterFactor(0)), 1800)
  assert.equal(jittered(2000, jitterFactor(0.5)), 2000)
  assert.equal(jittered(2000, jitterFactor(1)), 2200)
})

test('an interval beyond what timers keep is cut to the longest one', () => {
  assert.equal(jittered(LONGEST_TIMER, jitterFactor(1)), LONGEST_TIMER)
})
