import assert from 'node:assert/strict'
import { test } from 'node:test'
import { STATUS } from '../../src/balancing/candidate.ts'
import { drawLineup } from '../../src/balancing/lineup.ts'
import { stamp } from '../../src/shared-clock.ts'
import { PLAIN } from './balanced.ts'
import { alike, type FakeBackend, fakes } from './fake-backend.ts'

/** As `0: a b (70 %)`, a tier in panic with a `!`. */
function drawn(all: readonly FakeBackend[], panicThreshold = 0): string[] {
  const { tiers } = drawLineup(all, { panicThreshold, slowStart: undefined }, 0)
  return tiers.map(({ tier, share, isPanic, candidates }) => {
    const names = candidates.map(({ name }) => name).join(' ')
    return `${tier}${isPanic ? '!' : ''}: ${names} (${Math.round(share * 100)} %)`
  })
}

function setIll(...candidates: (FakeBackend | undefined)[]): void {
  for (const each of candidates) each!.set('ill', true)
}

test('with all well the first tier has all traffic, the others stand by', () => {
  assert.deepEqual(drawn(fakes({}, { tier: 1 }, {}, { tier: 2 })), [
    '0: a c (100 %)',
    '1: b (0 %)',
    '2: d (0 %)'
  ])
})

test('whoever has a bit of the status set is left out', () => {
  for (const bit of Object.keys(STATUS) as (keyof typeof STATUS)[]) {
    const all = fakes({}, {}, {})
    all[1]!.set(bit, true)
    assert.deepEqual(drawn(all), ['0: a c (100 %)'], bit)
  }
})

test('a weight of 0 takes no new traffic, and counts in no health', () => {
  assert.deepEqual(drawn(fakes({ weight: 0 }, {}, {}, { tier: 1 })), ['0: b c (100 %)', '1: d (0 %)'])
  assert.deepEqual(drawn(fakes({ weight: 0 }, { weight: 0 })), [])
})

test('health is the share of those in service: one that an operator took out is not ill', () => {
  const all = fakes({}, {}, { tier: 1 })
  all[0]!.set('draining', true)
  assert.deepEqual(drawn(all), ['0: b (100 %)', '1: c (0 %)'])
  all[0]!.set('draining', false)
  setIll(all[0])
  assert.deepEqual(drawn(all), ['0: b (70 %)', '1: c (30 %)'])
})

test('a tier without anybody well or in service is passed over', () => {
  const all = fakes({}, { tier: 1 }, { tier: 2 })
  setIll(all[0])
  all[1]!.set('disabled', true)
  assert.deepEqual(drawn(all), ['2: c (100 %)'])
})

test('the first tier is the one with the smallest number, in service or not', () => {
  const all = fakes({ tier: 3 }, { tier: 2 })
  assert.equal(drawLineup(all, PLAIN, 0).firstTier, 2)
  all[1]!.set('disabled', true)
  assert.equal(drawLineup(all, PLAIN, 0).firstTier, 2)
})

test('nobody at all is no lineup', () => {
  assert.deepEqual(drawn([], 100), [])
  const all = fakes({}, { tier: 1 })
  for (const each of all) each.set('disabled', true)
  assert.deepEqual(drawn(all, 100), [])
})

test('panic begins below the threshold, not at it', () => {
  const all = alike(4)
  setIll(all[0], all[1])
  assert.deepEqual(drawn(all, 50), ['0: c d (100 %)'])
  setIll(all[2])
  assert.deepEqual(drawn(all, 50), ['0!: a b c d (100 %)'])
  assert.deepEqual(drawn(all, 25), ['0: d (100 %)'])
})

test('with one tier the threshold means what it says, above 71 % too', () => {
  const all = alike(4)
  setIll(all[0])
  assert.deepEqual(drawn(all, 75), ['0: b c d (100 %)'])
  assert.deepEqual(drawn(all, 76), ['0!: a b c d (100 %)'])
})

test('help comes only from a tier that has somebody well', () => {
  const all = [...alike(4), ...alike(2, { tier: 1 })]
  setIll(all[0], all[4], all[5])
  assert.deepEqual(drawn(all, 75), ['0: b c d (100 %)'])
  assert.deepEqual(drawn(all, 76), ['0!: a b c d (100 %)'])
})

test('all ill is nobody, unless there is a threshold', () => {
  const all = alike(2)
  setIll(...all)
  assert.deepEqual(drawn(all, 0), [])
  assert.deepEqual(drawn(all, 1), ['0!: a b (100 %)'])
})

test('panic uses the ill and the ejected, never what an operator took out nor a weight of 0', () => {
  const all = fakes({}, {}, {}, {}, { weight: 0 }, {})
  setIll(all[0], all[2])
  all[1]!.set('ejected', true)
  all[2]!.set('draining', true)
  all[3]!.set('disabled', true)
  setIll(all[5])
  assert.deepEqual(drawn(all, 50), ['0!: a b f (100 %)'])
})

test('the threshold is a share of those in service', () => {
  const all = alike(6)
  for (const each of all.slice(0, 4)) each.set('draining', true)
  assert.deepEqual(drawn(all, 50), ['0: e f (100 %)'])
  setIll(all[4])
  assert.deepEqual(drawn(all, 50), ['0: f (100 %)'])
  assert.deepEqual(drawn(all, 51), ['0!: e f (100 %)'])
})

// Envoy's page on the panic threshold, its last table, in twentieths.
const ENVOY_EXAMPLES = [
  { well: [14, 15], panic: [false, false] },
  { well: [10, 12], panic: [false, false] },
  { well: [5, 20], panic: [false, false] },
  { well: [0, 20], panic: [false, false] },
  { well: [1, 13], panic: [true, false] },
  { well: [5, 5], panic: [true, true] }
]

for (const { well, panic } of ENVOY_EXAMPLES) {
  test(`of two tiers of twenty with ${well.join(' and ')} well, panic is ${panic.join(' and ')}`, () => {
    const all = [...alike(20), ...alike(20, { tier: 1 })]
    setIll(...all.slice(0, 20 - well[0]!), ...all.slice(20, 40 - well[1]!))
    const { tiers, isPanic } = drawLineup(all, { panicThreshold: 50, slowStart: undefined }, 0)
    assert.equal(isPanic, panic.includes(true))
    if (panic[0] && panic[1]) {
      // All of both tiers are one pool, as Envoy spreads by the number of hosts then.
      assert.deepEqual(
        tiers.map(({ tier, share, candidates }) => [tier, share, candidates.length]),
        [[0, 1, 40]]
      )
      return
    }
    const expected = [0, 1].map((tier) => [tier, panic[tier] ? 20 : well[tier]])
    assert.deepEqual(
      tiers.map(({ tier, candidates }) => [tier, candidates.length]),
      expected.filter(([, count]) => count !== 0)
    )
  })
}

test('a tier in panic keeps the share that its health can bear', () => {
  const all = [...alike(20), ...alike(20, { tier: 1 })]
  setIll(...all.slice(0, 19), ...all.slice(20, 27))
  const { tiers } = drawLineup(all, { panicThreshold: 50, slowStart: undefined }, 0)
  // 5 % and 65 % well: 7 and 91 of 98.
  assert.deepEqual(
    tiers.map(({ share }) => Math.round(share * 980)),
    [70, 910]
  )
})

test('a panic of all knows no slow start', () => {
  const all = alike(4)
  setIll(all[0], all[1], all[2])
  all[3]!.setSlowStart(stamp(1000))
  const lineup = drawLineup(all, { panicThreshold: 50, slowStart: { window: 1000, aggression: 1 } }, 1000)
  assert.deepEqual([...lineup.tiers[0]!.weights], [1, 1, 1, 1])
  assert.equal(lineup.until, Infinity)
})

test('pools keep the order of places, and know whether their weights are even', () => {
  const all = fakes({ weight: 2 }, { tier: 1, weight: 3 }, { weight: 2 }, { tier: 1, weight: 5 })
  const { tiers } = drawLineup(all, PLAIN, 0)
  assert.deepEqual(
    tiers.map(({ candidates, weights, isEven }) => [
      candidates.map(({ place }) => place),
      [...weights],
      isEven
    ]),
    [
      [[0, 2], [2, 2], true],
      [[1, 3], [3, 5], false]
    ]
  )
})
