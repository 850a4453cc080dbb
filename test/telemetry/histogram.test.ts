import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  DURATION_BUCKETS,
  HISTOGRAM_SIZE,
  type HistogramReading,
  observeDuration,
  quantile,
  readHistogram
} from '../../src/telemetry/histogram.ts'
import { between, seeded } from '../balancing/seeded.ts'

function reading(...seconds: number[]): HistogramReading {
  const counters = new Float64Array(HISTOGRAM_SIZE + 4)
  for (const each of seconds) observeDuration(counters, 3, each)
  assert.deepEqual([...counters.slice(0, 3), counters.at(-1)], [0, 0, 0, 0])
  return readHistogram((place) => counters[place]!, 3)
}

test('a duration is counted in the first bucket whose bound it does not exceed', () => {
  const { buckets } = reading(0, 0.005, 0.0050001, 0.01, 9.99, 10)
  assert.equal(buckets[0], 2)
  assert.equal(buckets[1], 2)
  assert.equal(buckets[DURATION_BUCKETS.length - 1], 2)
  assert.equal(
    buckets.reduce((sum, count) => sum + count),
    6
  )
})

test('what is longer than the largest bound is in the infinite bucket', () => {
  const { buckets } = reading(10.001, 3600)
  assert.equal(buckets.length, DURATION_BUCKETS.length + 1)
  assert.equal(buckets.at(-1), 2)
})

test('the sum is that of all durations', () => {
  assert.equal(reading(0.25, 0.5, 100).sum, 100.75)
  assert.equal(reading().sum, 0)
})

test('without observations there is no quantile', () => {
  assert.equal(quantile(reading(), 0.5), null)
})

test('a quantile is interpolated within its bucket', () => {
  assert.equal(quantile(reading(1, 1, 1, 1), 0.5), 0.875)
  assert.equal(quantile(reading(1, 1, 1, 1), 1), 1)
  assert.equal(quantile(reading(0.001), 1), 0.005)
  assert.equal(quantile(reading(0.001, 0.001), 0.5), 0.0025)
})

test('empty buckets in between are skipped', () => {
  const value = quantile(reading(0.001, 8), 0.99)
  assert.ok(value !== null && value > 7.5 && value <= 10)
})

test('a quantile in the infinite bucket is the largest bound', () => {
  assert.equal(quantile(reading(1, 60, 60, 60), 0.5), 10)
})

test('a quantile lies in the bucket of the duration that has this rank', () => {
  const random = seeded(7)
  for (let round = 0; round < 200; round++) {
    const durations = Array.from({ length: between(random, 1, 50) }, () => random() ** 4 * 10)
    const sorted = durations.toSorted((a, b) => a - b)
    const q = random()
    const exact = sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)]!
    const upper = DURATION_BUCKETS.findIndex((bound) => exact <= bound)
    const estimate = quantile(reading(...durations), q)!
    assert.ok(estimate <= DURATION_BUCKETS[upper]! && estimate >= (DURATION_BUCKETS[upper - 1] ?? 0))
  }
})
