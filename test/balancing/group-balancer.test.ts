import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Algorithm } from '../../src/balancing/algorithm.ts'
import { algorithmNames } from './algorithm-names.ts'
import { balanced } from './balanced.ts'
import { alike, type FakeBackend, fakes } from './fake-backend.ts'
import { seeded } from './seeded.ts'

/** The first that is not excluded: the simplest algorithm there is. */
const FIRST: Algorithm<FakeBackend> = {
  pick: ({ candidates }, exclusion) => candidates.find((each) => !exclusion.excludes(each))
}
const NOBODY_YET: readonly FakeBackend[] = []

test('a pick counts the attempt in', () => {
  const [only] = alike(1)
  const { balancer } = balanced([only!], FIRST)
  assert.equal(balancer.pick(NOBODY_YET), only)
  assert.equal(only!.inFlight, 1)
  assert.equal(balancer.reason, 'balanced')
})

test('a change of status counts from the next epoch on', () => {
  const all = alike(2)
  const { balancer, renew } = balanced(all, FIRST)
  assert.equal(balancer.pick(NOBODY_YET)?.name, 'a')
  all[0]!.set('ill', true)
  const before = balancer.lineup
  assert.equal(balancer.lineup, before, 'not drawn anew on every look')
  renew()
  assert.notEqual(balancer.lineup, before)
  assert.equal(balancer.pick(NOBODY_YET)?.name, 'b')
})

test('nobody in service: no usable backend', () => {
  for (const bit of ['ill', 'ejected', 'draining', 'disabled'] as const) {
    const all = alike(2)
    for (const each of all) each.set(bit, true)
    const { balancer } = balanced(all, FIRST)
    assert.equal(balancer.pick(NOBODY_YET), undefined)
    assert.equal(balancer.nobody, 'no_usable_backend', bit)
  }
  for (const all of [[], fakes({ weight: 0 }, { weight: 0 })]) {
    const { balancer } = balanced(all, FIRST)
    assert.equal(balancer.pick(NOBODY_YET), undefined)
    assert.equal(balancer.nobody, 'no_usable_backend')
  }
})

test('full ones are passed over, and when all are full nobody is picked: at capacity', () => {
  const all = fakes({ maxInFlight: 1 }, { maxInFlight: 2 })
  const { balancer } = balanced(all, FIRST)
  const names = Array.from({ length: 4 }, () => balancer.pick(NOBODY_YET)?.name)
  assert.deepEqual(names, ['a', 'b', 'b', undefined])
  assert.equal(balancer.nobody, 'at_capacity')
  all[0]!.end()
  assert.equal(balancer.pick(NOBODY_YET)?.name, 'a')
})

test('tried ones are passed over, and when all were tried nobody is picked: all tried', () => {
  const all = alike(2)
  const { balancer } = balanced(all, FIRST)
  assert.equal(balancer.pick([all[0]!])?.name, 'b')
  assert.equal(balancer.pick([all[0]!, all[1]!]), undefined)
  assert.equal(balancer.nobody, 'all_tried')
})

test('one tried and the other full: at capacity, since waiting for it helps', () => {
  const all = fakes({}, { maxInFlight: 1 })
  all[1]!.acquire()
  const { balancer } = balanced(all, FIRST)
  assert.equal(balancer.pick([all[0]!]), undefined)
  assert.equal(balancer.nobody, 'at_capacity')
})

test('a tried one that is full too is no reason to wait', () => {
  const [only] = fakes({ maxInFlight: 1 })
  only!.acquire()
  const { balancer } = balanced([only!], FIRST)
  assert.equal(balancer.pick([only!]), undefined)
  assert.equal(balancer.nobody, 'all_tried')
})

test('what a tier that is full or tried can not take goes to the others in their order: spilled', () => {
  const all = fakes({ maxInFlight: 1 }, { tier: 1, maxInFlight: 1 }, { tier: 2, maxInFlight: 1 })
  const { balancer } = balanced(all, FIRST)
  const picks = Array.from({ length: 3 }, () => [balancer.pick(NOBODY_YET)?.name, balancer.reason])
  assert.deepEqual(picks, [
    ['a', 'balanced'],
    ['b', 'spilled'],
    ['c', 'spilled']
  ])
  assert.equal(balancer.pick(NOBODY_YET), undefined)
  assert.equal(balancer.nobody, 'at_capacity')
  all[0]!.end()
  assert.equal(balancer.pick([all[0]!]), undefined)
})

test('a tier whose turn it is has nobody left: then the first tier comes before the others', () => {
  const all = fakes({}, {}, { tier: 1, maxInFlight: 1 }, { tier: 2 })
  all[0]!.set('ill', true)
  all[2]!.acquire()
  // The second tier's turn: 0.7 ≤ 0.99.
  const { balancer } = balanced(all, FIRST, undefined, () => 0.99)
  assert.equal(balancer.pick(NOBODY_YET)?.name, 'b')
  assert.equal(balancer.reason, 'balanced')
})

test('a group whose tiers begin at 1 has its plain case there', () => {
  const all = fakes({ tier: 1 }, { tier: 2 })
  const { balancer, renew } = balanced(all, FIRST)
  balancer.pick(NOBODY_YET)
  assert.equal(balancer.reason, 'balanced')
  all[0]!.set('disabled', true)
  renew()
  balancer.pick(NOBODY_YET)
  assert.equal(balancer.reason, 'spilled')
})

test('in a panic the reason is that', () => {
  const all = alike(3)
  for (const each of all) each.set('ill', true)
  const { balancer } = balanced(all, FIRST, { panicThreshold: 1, slowStart: undefined })
  assert.equal(balancer.pick(NOBODY_YET)?.name, 'a')
  assert.equal(balancer.reason, 'panic')
})

test('only the tier in panic says so', () => {
  const all = [...alike(20), ...alike(20, { tier: 1 })]
  for (const each of [...all.slice(0, 19), ...all.slice(20, 27)]) each.set('ill', true)
  const points = [0.05, 0.5]
  const { balancer } = balanced(all, FIRST, { panicThreshold: 50, slowStart: undefined }, () =>
    points.shift()!
  )
  assert.equal(balancer.pick(NOBODY_YET), all[0])
  assert.equal(balancer.reason, 'panic')
  assert.equal(balancer.pick(NOBODY_YET), all[27])
  assert.equal(balancer.reason, 'spilled')
})

test('tiers are drawn by their shares', () => {
  const all = [...alike(4), ...alike(4, { tier: 1 }), ...alike(4, { tier: 2 })]
  for (const place of [0, 1, 2, 4, 5, 6]) all[place]!.set('ill', true)
  const { balancer } = balanced(all, 'round-robin', undefined, seeded(5))
  // 25 % and 25 % well: 35, 35 and 30 of 100. Three standard deviations of 20,000 draws are 1 %.
  const counts = [0, 0, 0]
  for (let draw = 0; draw < 20_000; draw++) counts[balancer.pick(NOBODY_YET)!.tier]!++
  for (const [tier, share] of [0.35, 0.35, 0.3].entries())
    assert.ok(Math.abs(counts[tier]! / 20_000 - share) < 0.01, `tier ${tier} has ${counts[tier]}`)
})

test('a draw at the very end never goes to a tier that has no share', () => {
  const all = [...alike(2), ...alike(14, { tier: 1 }), ...alike(1, { tier: 2 })]
  // Of 2 and 14 one and three are well: 0.7 and 0.3, which rounding makes a hair less than 1.
  for (const each of [all[0]!, ...all.slice(2, 13)]) each.set('ill', true)
  const { balancer } = balanced(all, FIRST, undefined, () => 1 - Number.EPSILON / 2)
  assert.equal(balancer.pick(NOBODY_YET)?.tier, 1)
})

test('with one tier nothing is drawn', () => {
  const { balancer } = balanced(alike(2), FIRST, undefined, () => assert.fail('drawn'))
  assert.equal(balancer.pick(NOBODY_YET)?.name, 'a')
})

test('when another thread takes the last place in the same moment, another backend is picked', () => {
  const all = fakes({ maxInFlight: 1 }, { maxInFlight: 1 }, { tier: 1 })
  const { balancer } = balanced(all, FIRST)
  all[0]!.isRaced = true
  assert.equal(balancer.pick(NOBODY_YET)?.name, 'b')
  all[1]!.end()
  all[1]!.isRaced = true
  assert.equal(balancer.pick(NOBODY_YET)?.name, 'c')
  all[0]!.isRaced = false
  assert.equal(balancer.pick(NOBODY_YET)?.name, 'a', 'left out of that one pick alone')
})

for (const name of algorithmNames) {
  test(`${name}: when other threads take every last place, nobody is picked, at capacity, and it ends`, () => {
    const all = alike(100, { maxInFlight: 1 })
    for (const each of all) each.isRaced = true
    const { balancer } = balanced(all, name)
    assert.equal(balancer.pick(NOBODY_YET, 7), undefined)
    assert.equal(balancer.nobody, 'at_capacity')
    all[50]!.isRaced = false
    assert.equal(balancer.pick(NOBODY_YET, 7), all[50])
  })

  test(`${name}: the last one that is neither tried nor full is found among a thousand`, () => {
    const all = alike(1000, { maxInFlight: 1 })
    const { balancer } = balanced(all, name)
    for (const each of all.slice(0, 990)) each.acquire()
    const tried = all.slice(990, 999)
    assert.equal(balancer.pick(tried, 7), all[999])
    assert.equal(balancer.pick(tried, 7), undefined)
  })
}
