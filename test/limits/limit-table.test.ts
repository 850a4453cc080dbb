import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Pace, type Rate } from '../../src/limits/gcra.ts'
import { KeyHash } from '../../src/limits/key-hash.ts'
import { createLimitTable, LimitTable } from '../../src/limits/limit-table.ts'

const SLOW = new Pace({ limit: 1, per: 1000, burst: 5 })

function tableOf(maxKeys = 100): LimitTable {
  return new LimitTable(createLimitTable(maxKeys, [1, 2]), 0)
}

/** Takes until the key is denied; says how many were let through. */
function exhaust(table: LimitTable, key: string, now: number, pace: Pace): number {
  let count = 0
  while (table.take(key, 1, now, pace).isAdmitted) count++
  return count
}

suite('a table of a limit', () => {
  test('says what is left, when to try again and when all is there again', () => {
    const table = tableOf()
    const { isAdmitted, remaining, retryAfter, reset } = table.take('a', 2, 1000, SLOW)
    assert.deepEqual([isAdmitted, remaining, retryAfter, reset], [true, 3, 0, 2000])
    table.take('a', 3, 1500, SLOW)
    assert.deepEqual([table.isAdmitted, table.remaining, table.retryAfter, table.reset], [true, 0, 0, 4500])
    table.take('a', 2, 2250, SLOW)
    assert.deepEqual(
      [table.isAdmitted, table.remaining, table.retryAfter, table.reset],
      [false, 1, 750, 3750]
    )
    assert.ok(!table.take('a', 2, 2999, SLOW).isAdmitted)
    assert.ok(table.take('a', 2, 3000, SLOW).isAdmitted)
  })

  test('counts keys apart, in whichever thread they are asked for', () => {
    const share = createLimitTable(100, [1, 2])
    const [one, two] = [new LimitTable(share, 0), new LimitTable(share, 1)]
    assert.equal(exhaust(one, 'a', 0, SLOW), 5)
    assert.equal(exhaust(two, 'a', 0, SLOW), 0)
    assert.equal(exhaust(two, 'b', 0, SLOW), 5)
    assert.equal(exhaust(two, '', 0, SLOW), 5)
  })

  test('takes memory of a size that is known before, some 30 bytes a key', () => {
    for (const maxKeys of [1, 10, 17, 1000, 100_000]) {
      const { buffer } = createLimitTable(maxKeys, [1, 2])
      assert.ok(buffer.byteLength <= 30 * maxKeys + 60, `${buffer.byteLength} for ${maxKeys}`)
    }
  })

  test('gives back what came to nothing, but no more than is owed', () => {
    const table = tableOf()
    table.take('a', 3, 0, SLOW)
    table.refund('a', 2, 0, SLOW)
    assert.equal(table.debtOf('a', 0, SLOW), 1000)
    table.refund('a', 2, 0, SLOW)
    assert.equal(table.debtOf('a', 0, SLOW), 0)
    table.refund('a', 5, 10_000, SLOW)
    assert.equal(exhaust(table, 'a', 10_000, SLOW), 5)
  })

  test('gives nothing back to a key that it does not know, and forgets nobody for it', () => {
    const table = tableOf(1)
    table.take('a', 2, 0, SLOW)
    table.refund('b', 2, 0, SLOW)
    assert.equal(table.debtOf('a', 0, SLOW), 2000)
  })

  test('lets a debt be raised up to the burst, never lowered', () => {
    const table = tableOf()
    table.raise('a', 2000, 0, SLOW)
    assert.equal(table.debtOf('a', 0, SLOW), 2000)
    assert.equal(table.debtOf('a', 500, SLOW), 1500)
    table.raise('a', 1000, 0, SLOW)
    assert.equal(table.debtOf('a', 0, SLOW), 2000)
    table.raise('a', 99_000, 0, SLOW)
    assert.equal(table.debtOf('a', 0, SLOW), 5000)
    assert.equal(exhaust(table, 'a', 1000, SLOW), 1)
    assert.equal(table.debtOf('b', 0, SLOW), 0)
  })

  test('is not fooled by threads whose clocks are late when they get the lock', () => {
    const pace = new Pace({ limit: 1000, per: 1000, burst: 10 })
    const table = tableOf()
    let count = exhaust(table, 'a', 5000, pace)
    for (let turn = 0; turn < 1000; turn++) {
      // One that was set aside for 20 ms between reading its clock and this.
      if (table.take('a', 1, 4980, pace).isAdmitted) count++
      if (table.take('a', 1, 5000, pace).isAdmitted) count++
    }
    assert.equal(count, 10)
  })

  test('counts a key apart though its hash be that of an empty place', (t) => {
    const hashes = new Map(Object.entries({ zero: [0, 0], low: [1, 0], high: [0, 1], both: [1, 1] }))
    t.mock.method(KeyHash.prototype, 'of', function (this: KeyHash, key: string) {
      const [lo, hi] = hashes.get(key)!
      this.lo = lo!
      this.hi = hi!
    })
    const table = tableOf(3)
    assert.equal(exhaust(table, 'low', 0, SLOW), 5)
    assert.equal(exhaust(table, 'zero', 0, SLOW), 5)
    assert.equal(exhaust(table, 'high', 0, SLOW), 5)
    // There is no place for this one.
    assert.equal(exhaust(table, 'both', 0, SLOW), 5)
    for (const key of ['low', 'zero', 'high', 'both']) assert.equal(exhaust(table, key, 0, SLOW), 0)
    for (const key of ['zero', 'low', 'high']) assert.equal(exhaust(table, key, 2000, SLOW), 2)
  })
})

suite('a table whose limit has other numbers from now on', () => {
  const old: Rate = { limit: 100, per: 1000, burst: 100 }
  const others: Rate[] = [
    { ...old, limit: 150 },
    { ...old, limit: 99 },
    { ...old, limit: 7 },
    { ...old, limit: 200, burst: 200 },
    { ...old, burst: 1000 },
    { limit: 1, per: 86_400_000, burst: 1 },
    { limit: 1e9, per: 1, burst: 1e9 }
  ]
  for (const start of [0, 1e7, 1e11]) {
    for (const other of others) {
      const [before, after] = [new Pace(old), new Pace(other)]

      test(`gives the whole burst to whoever owed nothing (${JSON.stringify(other)} at ${start})`, () => {
        const table = tableOf()
        table.take('a', 1, start, before)
        const { isAdmitted, remaining } = table.take('a', 1, start + 5000, after)
        assert.ok(isAdmitted)
        assert.equal(remaining, other.burst - 1)
      })

      test(`keeps how long a debt takes, up to the new burst (${JSON.stringify(other)} at ${start})`, () => {
        const table = tableOf()
        table.take('a', 30, start, before)
        const depth = after.milliseconds(after.depth)
        const debt = table.debtOf('a', start + 100, after)
        assert.ok(Math.abs(debt - Math.min(200, depth)) < 0.01, `${debt}`)
      })
    }

    for (const other of [
      { ...old, burst: 10 },
      { limit: 100, per: 250, burst: 100 },
      { limit: 200, per: 1000, burst: 100 },
      { limit: 50, per: 1000, burst: 5 }
    ]) {
      test(`lets nobody wait for longer than its own burst takes (${JSON.stringify(other)} at ${start})`, () => {
        const table = tableOf()
        const [before, after] = [new Pace(old), new Pace(other)]
        table.take('a', 100, start, before)
        const depth = after.milliseconds(after.depth)
        table.take('a', 1, start, after)
        assert.ok(!table.isAdmitted)
        assert.ok(table.reset <= depth + 0.01)
        assert.ok(table.retryAfter <= after.milliseconds(after.interval) + 0.01)
        assert.ok(table.take('a', other.burst, start + depth + 0.01, after).isAdmitted)
      })
    }
  }

  for (const limit of [120, 150]) {
    test(`goes on denying those who have no place of their own, for as long as it must (${limit})`, () => {
      const table = tableOf(1)
      for (const key of ['a', 'b']) exhaust(table, key, 1e9, new Pace(old))
      const after = new Pace({ ...old, limit })
      for (const key of ['a', 'b']) {
        assert.ok(!table.take(key, 1, 1e9, after).isAdmitted)
        assert.ok(table.retryAfter <= old.per)
      }
    })
  }

  test('frees nobody while threads go over to them one after the other', () => {
    const [before, after] = [new Pace(old), new Pace({ limit: 150, per: 1000, burst: 150 })]
    const table = tableOf()
    let count = exhaust(table, 'a', 1e9, before)
    for (let now = 1e9; now < 1e9 + 1000; now += 0.25) {
      for (const pace of [before, after]) if (table.take('a', 1, now, pace).isAdmitted) count++
    }
    assert.ok(count <= 100 + 150 + 1, `${count}`)
  })
})
