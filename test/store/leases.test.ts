import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Leases } from '../../src/store/leases.ts'
import { applyChange, EMPTY_SNAPSHOT, expire, type StoreSnapshot } from '../../src/store/registrations.ts'
import { put, registered, remove } from './entries.ts'

const SHORT = 'http://short:80'
const LONG = 'http://long:80'
const KEYS = { short: `catalog ${SHORT}`, long: `catalog ${LONG}` }

/** Leases of 4 s and 60 s that began at 0, and an entry without one. */
function begun(): { leases: Leases; snapshot: StoreSnapshot } {
  const changes = [put(SHORT, 4000), put(LONG, 60_000), put('http://for-ever:80')]
  const snapshot = changes.reduce(applyChange, EMPTY_SNAPSHOT)
  const leases = new Leases()
  leases.follow(snapshot, 0)
  return { leases, snapshot }
}

suite('leases', () => {
  test('end a ttl after they began or were renewed', () => {
    const { leases } = begun()
    assert.deepEqual(leases.ended(3999, 0), [])
    assert.equal(leases.renew(KEYS.short, 3000), true)
    assert.deepEqual(leases.ended(6999, 0), [])
    assert.deepEqual(leases.ended(7000, 0), [KEYS.short])
    assert.deepEqual(leases.ended(60_000, 0), [KEYS.short, KEYS.long])
  })

  test('are none of entries without a ttl, that are on their way out, or that are gone', () => {
    const { leases, snapshot } = begun()
    assert.equal(leases.renew('catalog http://for-ever:80', 0), false)
    assert.equal(leases.renew('catalog http://unknown:80', 0), false)
    const entry = expire({ ...registered(SHORT, 4000), version: 1 }, 'me', 0)
    leases.follow([{ kind: 'put', entry } as const, remove(LONG)].reduce(applyChange, snapshot), 0)
    assert.equal(leases.renew(KEYS.short, 0), false)
    assert.equal(leases.renew(KEYS.long, 0), false)
    assert.equal(leases.wait(0), undefined)
  })

  test('begin anew when their entry is written again, and only then', () => {
    const { leases, snapshot } = begun()
    leases.follow(applyChange(snapshot, put(LONG, 60_000)), 3000)
    assert.deepEqual(leases.ended(4000, 0), [KEYS.short])
    assert.deepEqual(leases.ended(60_000, 0), [KEYS.short])
    assert.deepEqual(leases.ended(63_000, 0), [KEYS.short, KEYS.long])
  })

  test('are looked at when the first one ends, at least every second, or four times in the shortest ttl', () => {
    const { leases } = begun()
    assert.equal(leases.wait(0), 1000)
    assert.equal(leases.wait(3400), 600)
    assert.equal(leases.wait(5000), 0)
    const long = new Leases()
    long.follow(applyChange(EMPTY_SNAPSHOT, put(LONG, 60_000)), 0)
    assert.equal(long.wait(0), 15_000)
  })

  test('have a whole ttl anew when nobody looked for more than half of it', () => {
    const { leases } = begun()
    assert.deepEqual(leases.ended(70_000, 30_000), [KEYS.long])
    assert.deepEqual(leases.ended(73_999, 0), [KEYS.long])
    assert.deepEqual(leases.ended(74_000, 30_001), [])
    assert.deepEqual(leases.ended(133_999, 0), [KEYS.short])
    assert.deepEqual(leases.ended(134_001, 0), [KEYS.short, KEYS.long])
  })

  test('end all the same when the look at the clock was late by what a busy process is', () => {
    const leases = new Leases()
    leases.follow(applyChange(EMPTY_SNAPSHOT, put(SHORT, 1000)), 0)
    assert.deepEqual(leases.ended(2000, 1000), [KEYS.short])
    assert.deepEqual(leases.ended(2000, 1001), [])
  })
})
