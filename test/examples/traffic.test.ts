import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '../../examples/marketplace/random.ts'
import { newTally, nextErrand, summary } from '../../examples/marketplace/traffic.ts'

test('the same seed gives the same errands', () => {
  const errands = (seed: number) => {
    const random = seededRandom(seed)
    return Array.from({ length: 50 }, () => nextErrand(random))
  }
  assert.deepEqual(errands(1), errands(1))
  assert.notDeepEqual(errands(1), errands(2))
})

test('errands are mostly reading, and visit all three services', () => {
  const random = seededRandom(7)
  const errands = Array.from({ length: 1000 }, () => nextErrand(random))
  const reading = errands.filter(({ method }) => method === 'GET').length
  assert.ok(reading > 800 && reading < 1000)
  for (const service of ['products', 'inventory', 'orders']) {
    assert.ok(
      errands.some(({ path }) => path.startsWith(`/api/${service}`)),
      service
    )
  }
})

test('a summary is one line that says how many, how they went and who served', () => {
  const tally = newTally()
  tally.requests = 3
  tally.outcomes.set('200', 2).set('failed', 1)
  tally.servedBy.set('orders-1', 1).set('catalog-2', 1)
  tally.times.push(3.2, 12.7)
  assert.equal(
    summary(tally),
    'traffic: 3 requests (200 × 2, failed × 1, slowest 13 ms) by catalog-2 × 1, orders-1 × 1'
  )
  assert.equal(summary(newTally()), 'traffic: 0 requests () by nobody')
})
