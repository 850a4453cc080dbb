import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drawLineup } from '../../src/balancing/lineup.ts'
import { verdictsOf } from '../../src/balancing/verdicts.ts'
import { stamp } from '../../src/shared-clock.ts'
import { type FakeBackend, fakes } from './fake-backend.ts'

/** As `a balanced 0.5`, the rejected without a share. */
function told(all: readonly FakeBackend[], panicThreshold = 0): string[] {
  const lineup = drawLineup(all, { panicThreshold, slowStart: { window: 1000, aggression: 1 } }, 5000)
  return verdictsOf(all, lineup).map(({ candidate, accepted, reason, share }) => {
    if (!accepted) assert.equal(share, 0)
    return accepted
      ? `${candidate.name} ${reason} ${Number(share.toFixed(6))}`
      : `${candidate.name} not: ${reason}`
  })
}

test('the plain case: shares by weight', () => {
  assert.deepEqual(told(fakes({ weight: 1 }, { weight: 3 })), ['a balanced 0.25', 'b balanced 0.75'])
})

test('every reason to leave one out, what an operator decided first', () => {
  const all = fakes({}, {}, {}, {}, {}, { weight: 0 }, { tier: 1 }, { maxInFlight: 1 }, {}, {}, {}, {})
  all[1]!.set('ill', true)
  all[2]!.set('ejected', true)
  all[3]!.set('draining', true)
  all[3]!.set('ill', true)
  all[4]!.set('disabled', true)
  all[4]!.set('draining', true)
  all[5]!.set('ill', true)
  all[7]!.acquire()
  assert.deepEqual(told(all).slice(0, 8), [
    'a balanced 0.2',
    'b not: ill',
    'c not: ejected',
    'd not: draining',
    'e not: disabled',
    'f not: weight_zero',
    'g not: spare_tier',
    'h not: at_capacity'
  ])
})

test('what spills over is shared in the next tier', () => {
  const all = fakes({}, {}, { tier: 1, weight: 2 }, { tier: 1 })
  all[0]!.set('ill', true)
  assert.deepEqual(told(all), ['a not: ill', 'b balanced 0.7', 'c spilled 0.2', 'd spilled 0.1'])
})

test('in a panic all are accepted for that reason', () => {
  const all = fakes({}, { weight: 3 }, { tier: 1 }, {})
  for (const each of all) each.set('ill', true)
  all[3]!.set('draining', true)
  assert.deepEqual(told(all, 50), ['a panic 0.2', 'b panic 0.6', 'c panic 0.2', 'd not: draining'])
})

test('when a tier is full, the first that is not takes its place', () => {
  const all = fakes({ maxInFlight: 1 }, { tier: 1, maxInFlight: 1 }, { tier: 2 }, { tier: 2 })
  all[0]!.acquire()
  assert.deepEqual(told(all), ['a not: at_capacity', 'b spilled 1', 'c not: spare_tier', 'd not: spare_tier'])
  all[1]!.acquire()
  assert.deepEqual(told(all), ['a not: at_capacity', 'b not: at_capacity', 'c spilled 0.5', 'd spilled 0.5'])
})

test('with everybody full nobody has a share', () => {
  const all = fakes({ maxInFlight: 1 }, { tier: 1, maxInFlight: 1 })
  for (const each of all) each.acquire()
  assert.deepEqual(told(all), ['a not: at_capacity', 'b not: at_capacity'])
})

test('one that warms up has the share of its slow start', () => {
  const all = fakes({}, {})
  all[1]!.setSlowStart(stamp(4750))
  assert.deepEqual(told(all), ['a balanced 0.8', 'b balanced 0.2'])
})
