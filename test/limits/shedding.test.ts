import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Shedding } from '../../src/limits/shedding.ts'

test('shedding begins with the first refusal, once', () => {
  const shedding = new Shedding([7, 0, 0])
  assert.equal(shedding.observe([7, 0, 0], 0), undefined)
  assert.deepEqual(shedding.observe([7, 0, 3], 100), {
    state: 'shedding',
    refused: { critical: 0, normal: 0, sheddable: 3 }
  })
  assert.equal(shedding.observe([7, 1, 9], 200), undefined)
})

test('shedding is over when nobody was refused for five seconds, and says how many were', () => {
  const shedding = new Shedding([0, 0, 0])
  shedding.observe([0, 0, 1], 1000)
  shedding.observe([0, 2, 5], 2000)
  assert.equal(shedding.observe([0, 2, 5], 6999), undefined)
  assert.deepEqual(shedding.observe([0, 2, 5], 7000), {
    state: 'over',
    refused: { critical: 0, normal: 2, sheddable: 5 }
  })
  assert.equal(shedding.observe([0, 2, 5], 8000), undefined)
  assert.equal(shedding.observe([1, 2, 5], 9000)?.state, 'shedding')
})
