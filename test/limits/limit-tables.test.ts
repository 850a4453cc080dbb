import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { RateLimitConfig } from '../../src/config/types.ts'
import { Pace } from '../../src/limits/gcra.ts'
import { LimitTable, type LimitTableShare } from '../../src/limits/limit-table.ts'
import { limitId, LimitTables, localLimiters } from '../../src/limits/limit-tables.ts'
import { route } from '../routing/routes.ts'

type Limits = Parameters<LimitTables['prepare']>[0]

function limit(changes: Partial<RateLimitConfig> = {}): RateLimitConfig {
  return {
    name: 'orders',
    limit: 10,
    per: 1000,
    burst: 10,
    key: [{ from: 'ip' }],
    cost: 1,
    dryRun: false,
    allow: [],
    maxKeys: 100,
    ...changes
  }
}

function ofRoute(...rateLimit: RateLimitConfig[]): Limits {
  return { rateLimit: [], routes: [{ ...route('/orders', { name: 'orders' }), rateLimit }] }
}

/** Tries a configuration; it serves from then on. */
function serve(tables: LimitTables, limits: Limits): Map<string, LimitTableShare> {
  const shares = new Map(tables.prepare(limits))
  tables.retain(limits)
  return shares
}

const ORDERS = limitId('orders', { name: 'orders' })

suite('the tables of all limits', () => {
  test('are one for each limit, of the gateway and of the routes', () => {
    const shares = new LimitTables().prepare({
      rateLimit: [limit({ name: 'gateway' }), limit({ name: 'slow', maxKeys: 7 })],
      routes: [
        { ...route('/a', { name: 'a' }), rateLimit: [limit({ name: 'a' }), limit({ name: 'slow' })] },
        route('/b', { name: 'b' })
      ]
    })
    assert.deepEqual(
      shares.map(([id]) => id),
      ['gateway gateway', 'gateway slow', 'route a a', 'route a slow']
    )
    assert.equal(new Set(shares.map(([, { buffer }]) => buffer)).size, 4)
    assert.equal(new Set(shares.map(([, { secret }]) => secret.join())).size, 4)
    assert.deepEqual(
      shares.map(([, { maxKeys }]) => maxKeys),
      [100, 7, 100, 100]
    )
  })

  test('stay over a reload whatever the numbers of a limit become, and know what keys owe', () => {
    const tables = new LimitTables()
    const before = serve(tables, ofRoute(limit())).get(ORDERS)!
    new LimitTable(before, 0).take('key', 5, 1e6, new Pace(limit()))
    const changed = limit({ limit: 30, per: 2000, burst: 90, cost: 2, dryRun: true, allow: ['10.0.0.0/8'] })
    const after = serve(tables, ofRoute(limit({ name: 'first' }), changed)).get(ORDERS)!
    assert.equal(after, before)
    assert.ok(Math.abs(new LimitTable(after, 1).debtOf('key', 1e6, new Pace(changed)) - 500) < 0.01)
  })

  for (const [what, changes] of [
    ['takes another number of keys', { maxKeys: 101 }],
    ['goes by another key', { key: [{ from: 'header', name: 'x-user' }] }],
    ['goes by a further key', { key: [{ from: 'ip' }, { from: 'path' }] }],
    ['has another name', { name: 'other' }]
  ] as const satisfies [string, Partial<RateLimitConfig>][]) {
    test(`are new for a limit that ${what}`, () => {
      const tables = new LimitTables()
      const before = serve(tables, ofRoute(limit())).get(ORDERS)
      const [after] = serve(tables, ofRoute(limit(changes))).values()
      assert.ok(before && after)
      assert.notEqual(after.buffer, before.buffer)
      // It was forgotten meanwhile.
      assert.notEqual(serve(tables, ofRoute(limit())).get(ORDERS), before)
    })
  }

  test('of a configuration that fails leave no trace', () => {
    const tables = new LimitTables()
    const serving = ofRoute(limit())
    const before = serve(tables, serving).get(ORDERS)
    const tried = ofRoute(limit({ maxKeys: 7 }), limit({ name: 'other' }))
    const first = new Map(tables.prepare(tried))
    tables.retain(serving)
    assert.equal(new Map(tables.prepare(serving)).get(ORDERS), before)
    const second = new Map(tables.prepare(tried))
    for (const [id, share] of second) assert.notEqual(share.buffer, first.get(id)!.buffer)
  })

  test('of a configuration that is only tried may stand beside those that serve', () => {
    const tables = new LimitTables()
    const before = serve(tables, ofRoute(limit())).get(ORDERS)
    const tried = ofRoute(limit({ maxKeys: 7 }))
    const share = new Map(tables.prepare(tried)).get(ORDERS)
    assert.equal(new Map(tables.prepare(ofRoute(limit()))).get(ORDERS), before)
    assert.equal(serve(tables, tried).get(ORDERS), share)
  })

  test('have the locks opened that a thread held when it died', () => {
    const tables = new LimitTables()
    const share = serve(tables, ofRoute(limit({ maxKeys: 1 }))).get(ORDERS)!
    const lock = new Int32Array(share.buffer)
    lock[0] = 3
    tables.releaseLocksOf(1)
    assert.equal(lock[0], 3)
    tables.releaseLocksOf(2)
    assert.equal(lock[0], 0)
  })
})

test('limiters of one thread count each limit apart', async () => {
  const limiterOf = localLimiters()
  const slow = limit({ limit: 1, per: 86_400_000, burst: 2 })
  const [one, two] = [limiterOf(ORDERS, slow), limiterOf(ORDERS, slow)]
  assert.ok((await one.take('key', 2)).isAdmitted)
  assert.ok(!(await one.take('key', 1)).isAdmitted)
  assert.ok((await two.take('key', 2)).isAdmitted)
  one.refund('key', 1)
  assert.ok((await one.take('key', 1)).isAdmitted)
})
