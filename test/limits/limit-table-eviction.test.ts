import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Pace } from '../../src/limits/gcra.ts'
import { createLimitTable, LimitTable } from '../../src/limits/limit-table.ts'

/** Two at once, then one an hour. */
const HOURLY = new Pace({ limit: 1, per: 3_600_000, burst: 2 })
const SLOW = new Pace({ limit: 1, per: 1000, burst: 10 })

function tableOf(maxKeys: number): LimitTable {
  return new LimitTable(createLimitTable(maxKeys, [1, 2]), 0)
}

/** Lets a key ask until it is denied. */
function exhaust(table: LimitTable, key: string, now: number, pace: Pace): void {
  while (table.take(key, 1, now, pace).isAdmitted);
}

function names(what: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${what} ${index}`)
}

suite('a table that is full', () => {
  test('gives a new key the place of one that has its whole burst', () => {
    const table = tableOf(3)
    table.take('a', 1, 0, SLOW)
    table.take('b', 8, 0, SLOW)
    table.take('c', 2, 0, SLOW)
    table.take('new', 1, 1500, SLOW)
    const debts = ['a', 'b', 'c', 'new'].map((key) => table.debtOf(key, 1500, SLOW))
    assert.deepEqual(debts, [0, 6500, 500, 1000])
  })

  test('else the place of the one that has used up least', () => {
    const table = tableOf(3)
    table.take('a', 4, 0, SLOW)
    table.take('b', 2, 0, SLOW)
    table.take('c', 3, 0, SLOW)
    assert.equal(table.take('new', 5, 0, SLOW).remaining, 5)
    const debts = ['a', 'b', 'c', 'new'].map((key) => table.debtOf(key, 0, SLOW))
    assert.deepEqual(debts, [4000, 0, 3000, 5000])
  })

  for (const maxKeys of [1, 10, 17, 20, 31]) {
    test(`keeps as many denied keys as it has places (${maxKeys}), whatever flood of others comes`, () => {
      const table = tableOf(maxKeys)
      const denied = names('denied', maxKeys)
      for (const key of denied) exhaust(table, key, 0, HOURLY)
      let served = 0
      for (const key of names('new', 10 * maxKeys)) {
        for (let turn = 0; turn < 3; turn++) if (table.take(key, 1, 1, HOURLY).isAdmitted) served++
      }
      assert.equal(served, 2)
      for (const key of denied) assert.ok(!table.take(key, 1, 1, HOURLY).isAdmitted)
      for (const key of denied) assert.ok(table.take(key, 1, 3_600_000, HOURLY).isAdmitted)
    })
  }

  test('serves ten times as many new keys as it has places, and frees none that is denied (100000)', () => {
    const table = tableOf(100_000)
    const denied = names('denied', 40_000)
    for (const key of denied) exhaust(table, key, 0, HOURLY)
    let served = 0
    for (let index = 0; index < 1_000_000; index++) {
      if (table.take(`new ${index}`, 1, 1, HOURLY).isAdmitted) served++
    }
    // All but those of a few buckets where chance has put too many denied ones.
    assert.ok(served > 990_000, `${served}`)
    for (const key of denied) assert.ok(!table.take(key, 1, 1, HOURLY).isAdmitted)
  })

  test('keeps a key that was denied what costs much, though it might have something cheap', () => {
    const table = tableOf(1)
    for (const cost of [1, 5]) assert.ok(table.take('a', cost, 0, SLOW).isAdmitted)
    assert.ok(!table.take('a', 6, 0, SLOW).isAdmitted)
    assert.ok(table.take('a', 1, 0, SLOW).isAdmitted)
    for (const key of names('new', 20)) table.take(key, 1, 0, SLOW)
    assert.ok(!table.take('a', 6, 2900, SLOW).isAdmitted)
    // Now it would be let through: it may be forgotten.
    for (const key of names('new', 20)) table.take(key, 1, 3000, SLOW)
    assert.equal(table.debtOf('a', 3000, SLOW), 0)
  })

  test('forgets what a key once paid when it has owed nothing since', () => {
    const table = tableOf(1)
    table.take('a', 10, 0, SLOW)
    table.take('a', 1, 10_000, SLOW)
    table.take('new', 1, 10_000, SLOW)
    assert.deepEqual([table.debtOf('a', 10_000, SLOW), table.debtOf('new', 10_000, SLOW)], [0, 1000])
  })

  test('lets newcomers share one allowance while all that have a place are denied', () => {
    const pace = new Pace({ limit: 10, per: 1000, burst: 5 })
    const table = tableOf(4)
    const stored = names('stored', 4)
    const counts = new Map(stored.map((key) => [key, 0]))
    let strangers = 0
    let index = 0
    for (let now = 0; now < 10_000; now += 10) {
      for (const key of stored) {
        // They always ask first, until they are denied.
        for (let turn = 0; turn < 6; turn++) {
          if (table.take(key, 1, now, pace).isAdmitted) counts.set(key, counts.get(key)! + 1)
        }
      }
      for (let turn = 0; turn < 3; turn++) {
        if (table.take(`new ${index++}`, 1, now, pace).isAdmitted) strangers++
      }
    }
    for (const count of [...counts.values(), strangers]) assert.ok(count === 104 || count === 105, `${count}`)
  })

  test('lays no debt that others know of on those who share', () => {
    const table = tableOf(1)
    exhaust(table, 'a', 0, SLOW)
    table.raise('b', 10_000, 0, SLOW)
    assert.ok(table.take('c', 1, 0, SLOW).isAdmitted)
    assert.ok(!table.take('a', 1, 0, SLOW).isAdmitted)
  })
})
