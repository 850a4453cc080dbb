import assert from 'node:assert/strict'
import { test } from 'node:test'
import { policyItem, stateItem } from '../../src/limits/rate-limit-fields.ts'

test('a policy is a quota of a window of whole seconds', () => {
  assert.equal(policyItem({ name: 'gateway', limit: 100, per: 60_000 }), '"gateway";q=100;w=60')
  assert.equal(
    policyItem({ name: 'a-2', limit: 1_000_000_000, per: 86_400_000 }),
    '"a-2";q=1000000000;w=86400'
  )
})

test('a period that is no whole number of seconds becomes the next window of some, with its quota', () => {
  assert.equal(policyItem({ name: 'a', limit: 10, per: 250 }), '"a";q=40;w=1')
  assert.equal(policyItem({ name: 'a', limit: 3, per: 1500 }), '"a";q=4;w=2')
  assert.equal(policyItem({ name: 'a', limit: 1_000_000_000, per: 1 }), '"a";q=1000000000000;w=1')
})

test('what is left is told with whole seconds, rounded up', () => {
  assert.equal(stateItem('a', 50, 29_001), '"a";r=50;t=30')
  assert.equal(stateItem('a', 0, 0.2), '"a";r=0;t=1')
  assert.equal(stateItem('a', 5, 0), '"a";r=5;t=0')
})
