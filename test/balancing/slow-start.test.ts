import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drawLineup, type LineupSettings } from '../../src/balancing/lineup.ts'
import { slowStartShare } from '../../src/balancing/slow-start.ts'
import { stamp } from '../../src/shared-clock.ts'
import { balanced } from './balanced.ts'
import { alike, type FakeBackend, fakes } from './fake-backend.ts'

const LINEAR: LineupSettings = { panicThreshold: 0, slowStart: { window: 30_000, aggression: 1 } }

function weightsAt(candidates: readonly FakeBackend[], now: number, settings = LINEAR): number[] {
  return [...drawLineup(candidates, settings, now).tiers[0]!.weights]
}

test('with an aggression of 1 the share grows in proportion to time, from a tenth on', () => {
  const shares = [-5, 0, 1000, 2000, 3000, 15_000, 29_999, 30_000, Infinity].map((age) =>
    slowStartShare(age, { window: 30_000, aggression: 1 })
  )
  assert.deepEqual(shares, [0.1, 0.1, 0.1, 0.1, 0.1, 0.5, 29_999 / 30_000, 1, 1])
})

test('more aggression is faster at first, less is slower', () => {
  assert.equal(slowStartShare(2500, { window: 10_000, aggression: 2 }), 0.5)
  assert.equal(slowStartShare(5000, { window: 10_000, aggression: 0.5 }), 0.25)
})

test('a window of 0 is none', () => {
  assert.equal(slowStartShare(0, { window: 0, aggression: 1 }), 1)
})

test('one that came back has its weight times its share, the others have theirs', () => {
  const all = fakes({ weight: 4 }, { weight: 10 })
  all[1]!.setSlowStart(stamp(100_000))
  assert.deepEqual(weightsAt(all, 100_000), [4, 1])
  assert.deepEqual(weightsAt(all, 115_000), [4, 5])
  assert.deepEqual(weightsAt(all, 130_000), [4, 10])
})

test('without the setting nobody starts slowly', () => {
  const all = fakes({}, {})
  all[1]!.setSlowStart(stamp(100_000))
  assert.deepEqual(weightsAt(all, 100_000, { panicThreshold: 0, slowStart: undefined }), [1, 1])
})

test('a lineup is out of date after a hundredth of the window while one of it warms up, never afterwards', () => {
  const all = fakes({}, {})
  all[1]!.setSlowStart(stamp(100_000))
  assert.equal(drawLineup(all, LINEAR, 100_000).until, 100_300)
  assert.equal(drawLineup(all, LINEAR, 129_999).until, 130_299)
  assert.equal(drawLineup(all, LINEAR, 130_000).until, Infinity)
  all[1]!.set('ill', true)
  assert.equal(drawLineup(all, LINEAR, 100_000).until, Infinity)
})

test('when all warm up at the same time all have the same, as if nobody did', () => {
  const all = alike(5)
  for (const each of all) each.setSlowStart(stamp(100_000))
  const [tier] = drawLineup(all, LINEAR, 107_000).tiers
  assert.equal(tier!.isEven, true)
})

test('those that come back together never load the one that stayed more than before', () => {
  const all = alike(10)
  for (const each of all.slice(1)) each.setSlowStart(stamp(100_000))
  let before = 1
  for (let now = 100_000; now <= 130_000; now += 1000) {
    const weights = weightsAt(all, now)
    const share = weights[0]! / weights.reduce((sum, weight) => sum + weight, 0)
    assert.ok(share <= before, `${now}: ${share} after ${before}`)
    before = share
  }
  assert.equal(before, 0.1)
})

test('stamps wrap after 49 days, a slow start does not mind', () => {
  const all = fakes({}, {})
  for (const began of [2 ** 31 - 1000, 2 ** 32 - 1000, 2 ** 32 - 0.5]) {
    all[1]!.setSlowStart(stamp(began))
    assert.deepEqual(weightsAt(all, began + 15_000), [1, 0.5])
    assert.deepEqual(weightsAt(all, began + 30_001), [1, 1])
  }
})

test("a slow start that another thread's clock has not reached yet has begun", () => {
  const all = fakes({}, {})
  all[1]!.setSlowStart(stamp(100_000))
  assert.deepEqual(weightsAt(all, 99_999.9), [1, 0.1])
  assert.equal(drawLineup(all, LINEAR, 99_999.9).until, 100_299.9)
})

test('one of weeks ago that nobody ended is over', () => {
  const all = fakes({}, {})
  all[1]!.setSlowStart(stamp(100_000))
  assert.deepEqual(weightsAt(all, 100_000 + 30 * 24 * 3600_000), [1, 1])
})

test('the share of picks grows as the clock goes on, without anybody renewing the epoch meanwhile', () => {
  const all = fakes({}, {})
  const { balancer, clock, renew } = balanced(all, 'round-robin', LINEAR)
  const shareOfPicks = (): number => {
    const picked = Array.from({ length: 7000 }, () => balancer.pick([]))
    return picked.filter((each) => each === all[1]).length / picked.length
  }
  assert.equal(shareOfPicks(), 0.5)
  all[1]!.setSlowStart(stamp(clock.now))
  assert.equal(shareOfPicks(), 0.5, 'nobody has said that a slow start began')
  renew()
  for (const share of [0.1, 0.25, 0.5, 0.75, 1]) {
    clock.now = 100_000 + (share > 0.1 ? share * 30_000 : 0)
    const expected = share / (1 + share)
    const actual = shareOfPicks()
    assert.ok(Math.abs(actual - expected) < 0.001, `${actual} instead of ${expected}`)
  }
})
