import assert from 'node:assert/strict'
import { test } from 'node:test'
import { outliers, type RatedBackend } from '../../src/health/success-rate.ts'

/** Backends named by their place, each with so many requests of which so many failed. */
function rated(...failed: readonly (number | readonly [failed: number, of: number])[]): RatedBackend[] {
  return failed.map((each, index) => {
    const [failures, all] = typeof each === 'number' ? [each, 100] : each
    return { id: String(index), succeeded: all - failures, failed: failures }
  })
}

test('one that does worse than 1.9 deviations below the mean is an outlier', () => {
  // Mean 0.9, deviation 0.2: below 0.52.
  assert.deepEqual(outliers(rated(0, 0, 50, 0, 0)), ['2'])
  // Two of six are too many to stand out: mean 0.83, deviation 0.24, so below 0.39.
  assert.deepEqual(outliers(rated(0, 0, 50, 50, 0, 0)), [])
  // Of twelve they do: mean 0.917, deviation 0.186, so below 0.563.
  assert.deepEqual(outliers(rated(0, 0, 50, 50, 0, 0, 0, 0, 0, 0, 0, 0)), ['2', '3'])
})

test('what all have in common makes none of them an outlier', () => {
  assert.deepEqual(outliers(rated(40, 40, 40, 40, 40)), [])
  assert.deepEqual(outliers(rated(100, 100, 100, 100, 100)), [])
  assert.deepEqual(outliers(rated(0, 0, 0, 0, 0)), [])
})

test('rates count, not numbers', () => {
  assert.deepEqual(outliers(rated([100, 1000], 10, 10, 10, 10)), [])
  assert.deepEqual(outliers(rated([500, 1000], 10, 10, 10, 10)), ['0'])
})

test('fewer than five backends with a hundred requests decide nothing', () => {
  assert.deepEqual(outliers(rated(0, 0, 100, 0)), [])
  assert.deepEqual(outliers(rated(0, 0, 100, 0, [0, 99])), [])
  assert.deepEqual(outliers(rated(0, 0, 0, 0, 0, [99, 99])), [])
  assert.deepEqual(outliers(rated(0, 0, 100, 0, [0, 100])), ['2'])
})

test('a few failures make no outlier, however even the others are', () => {
  assert.deepEqual(outliers(rated(0, 0, 0, 0, [4, 1000])), [])
  assert.deepEqual(outliers(rated(0, 0, 0, 0, [5, 1000])), ['4'])
})
