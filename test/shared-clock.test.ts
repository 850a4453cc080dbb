import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ageOf, stamp } from '../src/shared-clock.ts'

const DAY = 86_400_000

test('a stamp is a whole number of 32 bits and never 0', () => {
  assert.deepEqual([0, 0.9, 2 ** 32, 2 ** 31, 7.9].map(stamp), [1, 1, 1, -(2 ** 31), 7])
})

test('the age of a stamp is right whether or not it wrapped in between', () => {
  for (const at of [1, 2 ** 31 - 5, 2 ** 32 - 5, 2 ** 40 + 3]) {
    for (const age of [0, 1, 10, 5000, 24 * DAY]) assert.equal(ageOf(stamp(at), stamp(at + age)), age)
  }
})

test('one that is older than that is old, not of the future', () => {
  for (const days of [25, 30, 49]) assert.ok(ageOf(stamp(DAY), stamp((1 + days) * DAY)) > 24 * DAY)
})

test('one that another thread wrote in this moment is new, though its clock be ahead', () => {
  assert.equal(ageOf(stamp(1003), stamp(1000)), 0)
})
