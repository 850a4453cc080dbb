import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { ReapingGrace } from '../../src/store/reaping-grace.ts'
import { EMPTY_SNAPSHOT, type StoreSnapshot } from '../../src/store/registrations.ts'
import { registered } from './entries.ts'

function leased(ttl: number): StoreSnapshot {
  return { version: 1, entries: new Map([['a', { ...registered('http://a:80', ttl), version: 1 }]]) }
}

suite('leases are ended', () => {
  test('never before Redis was read', () => {
    assert.equal(new ReapingGrace(0).mayReap(EMPTY_SNAPSHOT, 1e9), false)
  })

  test('15 s after that at the earliest, or after the longest ttl', () => {
    const grace = new ReapingGrace()
    grace.begin(leased(1000), 0)
    assert.equal(grace.mayReap(EMPTY_SNAPSHOT, 14_999), false)
    assert.equal(grace.mayReap(EMPTY_SNAPSHOT, 15_000), true)
    grace.begin(leased(20_000), 15_000)
    assert.equal(grace.mayReap(EMPTY_SNAPSHOT, 34_999), false)
    assert.equal(grace.mayReap(EMPTY_SNAPSHOT, 35_000), true)
  })

  test('not by a process that stood still, before a ttl has passed', () => {
    const grace = new ReapingGrace(5000)
    grace.begin(EMPTY_SNAPSHOT, 0)
    grace.plan(6000)
    assert.equal(grace.mayReap(EMPTY_SNAPSHOT, 6900), true)
    grace.plan(8000)
    assert.equal(grace.mayReap(EMPTY_SNAPSHOT, 60_000), false)
    grace.plan(64_000)
    assert.equal(grace.mayReap(EMPTY_SNAPSHOT, 64_000), false)
    grace.plan(65_000)
    assert.equal(grace.mayReap(EMPTY_SNAPSHOT, 65_000), true)
  })
})
