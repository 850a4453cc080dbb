import assert from 'node:assert/strict'
import { test } from 'node:test'
import { spill, totalHealth } from '../../src/balancing/spill.ts'
import { between, seeded } from './seeded.ts'

/** Rows of Envoy's page on priority levels: percent of well hosts of each level → percent of the traffic to each. */
const ENVOY_EXAMPLES = [
  '100 100 → 100 0',
  '72 100 → 100 0',
  '71 100 → 99 1',
  '50 100 → 70 30',
  '25 100 → 35 65',
  '0 100 → 0 100',
  '72 72 → 100 0',
  '71 71 → 99 1',
  '50 50 → 70 30',
  '25 25 → 50 50',
  '100 100 100 → 100 0 0',
  '72 72 100 → 100 0 0',
  '71 71 100 → 99 1 0',
  '50 50 100 → 70 30 0',
  '25 100 100 → 35 65 0',
  '25 25 100 → 35 35 30',
  '25 25 20 → 36 36 28'
]

for (const example of ENVOY_EXAMPLES) {
  const [healths, traffic] = example.split(' → ').map((side) => side.split(' ').map(Number))
  test(`tiers of which ${healths!.join(', ')} % are well get ${traffic!.join(', ')} % of the traffic`, () => {
    const shares = spill(healths!.map((percent) => percent / 100))
    assert.equal(shares.length, traffic!.length)
    // Envoy reckons in whole percents, so its figures are up to one off.
    for (const [index, share] of shares.entries()) {
      assert.ok(Math.abs(share * 100 - traffic![index]!) < 1, `tier ${index} gets ${share}`)
      if (traffic![index] === 0) assert.equal(share, 0)
    }
  })
}

test('five of seven is just enough to keep all traffic, whatever rounding makes of 1.4', () => {
  assert.deepEqual(spill([5 / 7, 1]), [1, 0])
  assert.deepEqual(spill([10 / 14, 1]), [1, 0])
})

test('when the tiers bear exactly all of it, the last one that is needed ends the line', () => {
  assert.deepEqual(spill([1 / 2, 3 / 14, 1])[2], 0)
  assert.equal(totalHealth([1 / 2, 3 / 14]), 1)
})

test('nobody well, no tier: no traffic', () => {
  assert.deepEqual(spill([0, 0]), [0, 0])
  assert.deepEqual(spill([]), [])
})

test('any healths give shares that add up to 1, and nothing to a tier without anybody', () => {
  const random = seeded(11)
  for (let round = 0; round < 2000; round++) {
    const healths = Array.from({ length: between(random, 1, 8) }, () => {
      const members = between(random, 1, 50)
      return between(random, 0, members) / members
    })
    const shares = spill(healths)
    const sum = shares.reduce((total, share) => total + share, 0)
    if (healths.every((health) => health === 0)) assert.equal(sum, 0)
    else assert.ok(Math.abs(sum - 1) < 1e-8, `${healths.join()}: ${shares.join()}`)
    for (const [index, share] of shares.entries()) {
      assert.ok(share >= 0 && share <= 1)
      if (healths[index] === 0) assert.equal(share, 0)
    }
  }
})
