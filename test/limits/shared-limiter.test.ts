import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Rate } from '../../src/limits/gcra.ts'
import { largestLease } from '../../src/limits/leases.ts'
import { createLimitTable, LimitTable, type Verdict } from '../../src/limits/limit-table.ts'
import { SharedLimiter } from '../../src/limits/shared-limiter.ts'
import { StoreModel, VirtualTime } from './store-model.ts'

function lab(rate: Rate) {
  const time = new VirtualTime()
  const store = new StoreModel(time)
  /** A gateway of so many threads. */
  const gateway = (threads = 1) => {
    const gateways = new Int32Array(new SharedArrayBuffer(4)).fill(1)
    const share = createLimitTable(1000, [1, 2])
    const limiters = Array.from({ length: threads }, (_, row) => {
      const table = new LimitTable(share, row)
      return new SharedLimiter(
        { table, store: store.connect(), gateways, now: () => time.now, secret: [row, 4] },
        rate
      )
    })
    return { limiters, gateways }
  }
  /** The verdict of a request, however long it takes. */
  const take = async (limiter: SharedLimiter, key = 'key', cost = 1): Promise<Verdict> => {
    const verdict = limiter.take(key, cost)
    if (!(verdict instanceof Promise)) return { ...pick(verdict) }
    const settled: Verdict[] = []
    void verdict.then((value) => settled.push(value))
    while (settled.length === 0) await time.pass(0.1)
    return settled[0]!
  }
  /** How many of so many requests at once get through. */
  const admitted = async (limiter: SharedLimiter, count: number, key = 'key'): Promise<number> => {
    let sum = 0
    for (let request = 0; request < count; request++) if ((await take(limiter, key)).isAdmitted) sum++
    return sum
  }
  return { time, store, gateway, take, admitted }
}

function pick({ isAdmitted, remaining, retryAfter, reset }: Verdict): Verdict {
  return { isAdmitted, remaining, retryAfter, reset }
}

/** A burst of 10, then one per second: no leases, and no time to speak of passes. */
const SLOW: Rate = { limit: 1, per: 1000, burst: 10 }

suite('a limit that gateways share', () => {
  test('lets the burst through once, over all gateways', async () => {
    const { gateway, admitted } = lab(SLOW)
    const [one, two] = [gateway().limiters[0]!, gateway().limiters[0]!]
    assert.equal(await admitted(one, 7), 7)
    assert.equal(await admitted(two, 7), 3)
    assert.equal(await admitted(one, 7), 0)
  })

  test('says what is left, as the store knows it', async () => {
    const { gateway, take } = lab(SLOW)
    const [one, two] = [gateway().limiters[0]!, gateway().limiters[0]!]
    await take(one, 'key', 6)
    const verdict = await take(two, 'key', 2)
    assert.equal(verdict.isAdmitted, true)
    assert.equal(verdict.remaining, 2)
    assert.ok(Math.abs(verdict.reset - 8000) < 20, `${verdict.reset}`)
    const denied = await take(one, 'key', 3)
    assert.equal(denied.isAdmitted, false)
    assert.equal(denied.remaining, 2)
    assert.ok(Math.abs(denied.retryAfter - 1000) < 20, `${denied.retryAfter}`)
  })

  test('denies without the store who was denied, until the time has come', async () => {
    const { gateway, store, time, take, admitted } = lab(SLOW)
    const { limiters } = gateway(2)
    await admitted(limiters[0]!, 11)
    const { calls } = store
    assert.equal(await admitted(limiters[0]!, 100), 0)
    assert.equal(await admitted(limiters[1]!, 100), 0, 'another thread of this gateway')
    assert.equal(store.calls, calls)
    await time.pass((await take(limiters[0]!)).retryAfter)
    assert.equal(await admitted(limiters[1]!, 5), 1)
  })

  test('gives back what is refunded, here and in the store', async () => {
    const { gateway, time, take, admitted } = lab(SLOW)
    const [one, two] = [gateway().limiters[0]!, gateway().limiters[0]!]
    assert.equal((await take(one, 'key', 10)).isAdmitted, true)
    one.refund('key', 4)
    await time.pass(1)
    assert.equal(await admitted(one, 2), 2)
    assert.equal(await admitted(two, 9), 2)
  })

  test('is decided here at a share of the limit while the store is away', async () => {
    const { gateway, store, time, admitted } = lab(SLOW)
    const { limiters, gateways } = gateway(2)
    gateways[0] = 2
    store.isAway = true
    assert.equal(await admitted(limiters[0]!, 9), 5, 'half of the burst')
    assert.equal(await admitted(limiters[1]!, 9), 0)
    await time.pass(20_000)
    assert.equal(await admitted(limiters[0]!, 9), 5, 'full again after as long as the whole burst takes')
    await time.pass(10_000)
    assert.equal(await admitted(limiters[0]!, 9), 5, 'one in two seconds')
    assert.equal(store.calls, 0)
  })

  test('lets one request through whatever the share, and what costs more than it', async () => {
    const { gateway, store, time, take } = lab({ limit: 1, per: 1000, burst: 4 })
    const { limiters, gateways } = gateway()
    gateways[0] = 8
    store.isAway = true
    assert.equal((await take(limiters[0]!, 'one', 1)).isAdmitted, true)
    assert.equal((await take(limiters[0]!, 'one', 1)).isAdmitted, false)
    assert.equal((await take(limiters[0]!, 'dear', 4)).isAdmitted, true)
    const denied = await take(limiters[0]!, 'dear', 4)
    assert.equal(denied.isAdmitted, false)
    assert.equal(denied.retryAfter, 32_000, 'four requests at an eighth of the rate')
    await time.pass(denied.retryAfter)
    assert.equal((await take(limiters[0]!, 'dear', 4)).isAdmitted, true)
  })

  test('asks a store that was away also for who is denied', async () => {
    const { gateway, store, take } = lab(SLOW)
    const { limiters } = gateway()
    assert.equal((await take(limiters[0]!, 'key', 10)).isAdmitted, true)
    const { calls } = store
    store.isAway = true
    store.isTrying = true
    assert.equal((await take(limiters[0]!)).isAdmitted, false)
    assert.equal(store.calls, calls + 1)
  })

  test('is decided here when the store does not answer', async () => {
    const { gateway, store, time, take } = lab(SLOW)
    const { limiters, gateways } = gateway()
    gateways[0] = 5
    store.isSilent = true
    const begin = time.now
    assert.equal((await take(limiters[0]!)).isAdmitted, true)
    assert.ok(time.now - begin <= 51)
    assert.equal((await take(limiters[0]!)).isAdmitted, true)
    assert.equal((await take(limiters[0]!)).isAdmitted, false)
  })

  test('goes on from what is owed when the store goes away, and when it comes back', async () => {
    const { gateway, store, admitted } = lab(SLOW)
    const { limiters, gateways } = gateway()
    gateways[0] = 2
    assert.equal(await admitted(limiters[0]!, 6), 6)
    store.isAway = true
    assert.equal(await admitted(limiters[0]!, 9), 2, 'half of the four that are left')
    store.isAway = false
    assert.equal(await admitted(limiters[0]!, 9), 0, 'the other half is the other gateway’s')
  })

  test('gives nobody a burst when the store comes back empty', async () => {
    const { gateway, store, admitted } = lab(SLOW)
    const [one, two] = [gateway().limiters[0]!, gateway().limiters[0]!]
    assert.equal(await admitted(one, 9), 9)
    store.tats.clear()
    assert.equal(await admitted(one, 9), 1, 'what was left')
    assert.equal(await admitted(two, 9), 0, 'the first call told the store')
  })

  test('carries no debt to the store that slow calls would make grow', async () => {
    const { gateway, store, take } = lab(SLOW)
    const { limiters } = gateway()
    const delays = [1, 1, 45, 1]
    store.delay = () => delays.shift() ?? 1
    const first = await take(limiters[0]!)
    const second = await take(limiters[0]!)
    assert.ok(second.reset <= first.reset + 1000, `${first.reset}, then ${second.reset}`)
  })

  test('asks once for several requests of a key that comes often', async () => {
    const { gateway, store, time, take } = lab({ limit: 1000, per: 1000, burst: 200 })
    const [limiter] = gateway().limiters
    for (let request = 0; request < 150; request++) {
      assert.equal((await take(limiter!)).isAdmitted, true)
      await time.pass(1)
    }
    assert.ok(store.calls < 150 / 4, `${store.calls} calls`)
    assert.ok(store.last!.wish <= largestLease(200))
  })

  test('asks for nothing ahead of need where the burst is small, or the key comes seldom', async () => {
    const small = lab({ limit: 1000, per: 1000, burst: 19 })
    const seldom = lab({ limit: 1000, per: 1000, burst: 1000 })
    const [one, two] = [small.gateway().limiters[0]!, seldom.gateway().limiters[0]!]
    for (let request = 0; request < 40; request++) {
      await small.take(one)
      await small.time.pass(2)
      await seldom.take(two)
      await seldom.time.pass(60)
      assert.equal(small.store.last!.wish, 0)
      assert.equal(seldom.store.last!.wish, 0)
    }
    assert.equal(small.store.calls, 40)
    assert.equal(seldom.store.calls, 40)
  })
})
