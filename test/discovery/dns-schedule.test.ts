import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type LookOutcome, nextLook } from '../../src/discovery/dns-schedule.ts'

const TIMING = { minTtl: 1000, maxTtl: 10_000, minRetry: 1000, maxRetry: 10_000 }

function next(
  outcome: Partial<LookOutcome>,
  { refresh = undefined as number | undefined, random = 0.5 } = {}
) {
  return nextLook({ doubts: 0, ...outcome }, refresh, TIMING, 100_000, random)
}

test('a TTL is followed from 1 to 10 s, and no longer than what is set', () => {
  assert.equal(next({ ttl: 4000 }), 4000)
  assert.equal(next({ ttl: 0 }), 1000)
  assert.equal(next({ ttl: 86_400_000 }), 10_000)
  assert.equal(next({ ttl: 8000 }, { refresh: 5000 }), 5000)
  assert.equal(next({ ttl: 3000 }, { refresh: 5000 }), 3000)
  assert.equal(next({}, { refresh: 5000 }), 5000)
  assert.equal(next({}), 10_000)
})

test('looks spread by a tenth, in both directions', () => {
  assert.equal(next({ ttl: 4000 }, { random: 0 }), 3600)
  assert.equal(Math.round(next({ ttl: 4000 }, { random: 1 })), 4400)
})

test('after failures the wait doubles from 1 to 10 s', () => {
  const waits = [1, 2, 3, 4, 5, 2000].map((doubts) => next({ doubt: { reason: 'timeout' }, doubts }))
  assert.deepEqual(waits, [1000, 2000, 4000, 8000, 10_000, 10_000])
})

test('where something was answered beside a failure, its TTL is followed, too', () => {
  assert.equal(next({ ttl: 3000, doubt: { reason: 'servfail' }, doubts: 9 }), 3000)
})

test('it looks just when missing records will be believed, but not in haste', () => {
  const doubt = (until: number) => ({ doubt: { reason: 'nxdomain', until }, doubts: 9 })
  assert.equal(next(doubt(125_000)), 10_000)
  assert.equal(next(doubt(103_000)), 3000)
  assert.equal(next(doubt(100_001)), 1000)
})
