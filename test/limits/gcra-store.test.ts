import assert from 'node:assert/strict'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { GcraStore } from '../../src/limits/gcra-store.ts'
import { createLimitTable, LimitTable, type Verdict } from '../../src/limits/limit-table.ts'
import { LocalLimiter, type RateLimiter } from '../../src/limits/limiter.ts'

const BURST = 10
/** One a second. */
const RATE = { limit: 60, per: 60_000, burst: BURST }

/** What @fastify/rate-limit reads of a request's count. */
async function count(
  store: GcraStore,
  key: string
): Promise<{ left: number; isExceeded: boolean; ttl: number }> {
  const ask = promisify<string, { current: number; ttl: number } | undefined>((asked, done) =>
    store.incr(asked, done, RATE.per, BURST)
  )
  const told = await ask(key)
  assert.ok(told)
  return {
    left: Math.max(0, BURST - told.current),
    isExceeded: told.current > BURST,
    ttl: Math.round(told.ttl)
  }
}

function limiterAt(clock: { now: number }): RateLimiter {
  return new LocalLimiter(new LimitTable(createLimitTable(100, [1, 2]), 0), RATE, () => clock.now)
}

test('a count says how much is left, and the time until all of it is there again', async () => {
  const store = new GcraStore({}).child({ limiter: limiterAt({ now: 1000 }), cost: 1 })
  assert.deepEqual(await count(store, 'a'), { left: 9, isExceeded: false, ttl: 1000 })
  assert.deepEqual(await count(store, 'a'), { left: 8, isExceeded: false, ttl: 2000 })
  assert.deepEqual(await count(store, 'b'), { left: 9, isExceeded: false, ttl: 1000 })
})

test('the last request of a burst is not one too many; the next is, until there is room again', async () => {
  const clock = { now: 1000 }
  const store = new GcraStore({}).child({ limiter: limiterAt(clock), cost: 5 })
  assert.deepEqual(await count(store, 'a'), { left: 5, isExceeded: false, ttl: 5000 })
  assert.deepEqual(await count(store, 'a'), { left: 0, isExceeded: false, ttl: 10_000 })
  assert.deepEqual(await count(store, 'a'), { left: 0, isExceeded: true, ttl: 5000 })
  clock.now += 4999
  // Four could come, not five.
  assert.deepEqual(await count(store, 'a'), { left: 0, isExceeded: true, ttl: 1 })
  clock.now += 1
  assert.deepEqual(await count(store, 'a'), { left: 0, isExceeded: false, ttl: 10_000 })
})

test('limits of one store count apart', async () => {
  const clock = { now: 0 }
  const store = new GcraStore({})
  const one = store.child({ limiter: limiterAt(clock), cost: 10 })
  const other = store.child({ limiter: limiterAt(clock), cost: 10 })
  assert.equal((await count(one, 'a')).isExceeded, false)
  assert.equal((await count(one, 'a')).isExceeded, true)
  assert.equal((await count(other, 'a')).isExceeded, false)
})

test('a limiter may take its time', async () => {
  const { promise, resolve } = Promise.withResolvers<Verdict>()
  const store = new GcraStore({}).child({ limiter: { take: () => promise, refund: () => {} }, cost: 1 })
  const asked = count(store, 'a')
  resolve({ isAdmitted: false, remaining: 3, retryAfter: 70, reset: 900 })
  assert.deepEqual(await asked, { left: 0, isExceeded: true, ttl: 70 })
})

test('a store of no limit lets nothing through', () => {
  for (const store of [new GcraStore({}), new GcraStore({}).child({ cost: 1 })]) {
    assert.throws(() => store.incr('a', () => {}, 1, 1), /no limit/)
  }
})
