import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Rate } from '../../src/limits/gcra.ts'
import { largestLease } from '../../src/limits/leases.ts'
import { createLimitTable, LimitTable, type Verdict } from '../../src/limits/limit-table.ts'
import { SharedLimiter } from '../../src/limits/shared-limiter.ts'
import { seeded } from '../balancing/seeded.ts'
import { worstWindow } from '../helpers/worst-window.ts'
import { StoreModel, VirtualTime } from './store-model.ts'

const GATEWAYS = 2
const THREADS = 2
/** Of one way to the store, at most, in milliseconds; both ways together are within its patience. */
const LONGEST_WAY = 20
const DURATION = 4000

/**
 * Sends requests for one key to the threads of all gateways, in virtual time.
 *
 * @param perSecond - Requests, over all threads.
 * @param plan - What becomes of the store meanwhile.
 * @returns When something was let through.
 */
async function run(
  seed: number,
  rate: Rate,
  perSecond: number,
  plan: (time: VirtualTime, store: StoreModel) => void = () => {}
): Promise<number[]> {
  const random = seeded(seed)
  const time = new VirtualTime()
  const store = new StoreModel(time)
  store.delay = () => (random() < 0.1 ? LONGEST_WAY : 2) * random()
  const limiters = Array.from({ length: GATEWAYS }, (_, gateway) => {
    const gateways = new Int32Array(new SharedArrayBuffer(4)).fill(GATEWAYS)
    const share = createLimitTable(100, [seed, gateway])
    return Array.from({ length: THREADS }, (_thread, row) => {
      const table = new LimitTable(share, row)
      const parts = { table, store: store.connect(), gateways, now: () => time.now }
      return new SharedLimiter({ ...parts, secret: [seed, row] }, rate)
    })
  }).flat()
  const moments: number[] = []
  const count = (verdict: Verdict): void => {
    if (verdict.isAdmitted) moments.push(time.now)
  }
  const requests = (DURATION / 1000) * perSecond
  for (let request = 0; request < requests; request++) {
    const limiter = limiters[Math.floor(random() * limiters.length)]!
    time.plan(random() * DURATION, () => {
      const verdict = limiter.take('key', 1)
      if (verdict instanceof Promise) void verdict.then(count)
      else count(verdict)
    })
  }
  plan(time, store)
  await time.pass(DURATION + 200)
  return moments
}

/** What the limit documents, and what bunches up on the way from the store. */
function boundOf({ limit, per, burst }: Rate, requests = burst): number {
  return requests + GATEWAYS * THREADS * largestLease(burst) + (LONGEST_WAY * limit) / per
}

suite('all gateways and threads together, over any window', () => {
  for (const seed of [1, 2, 3, 4]) {
    test(`let through no more than the bound, and no less than the limit (chance ${seed})`, async () => {
      const rate: Rate = { limit: 200, per: 1000, burst: 60 }
      const moments = await run(seed, rate, 1500)
      const worst = worstWindow(moments, rate.limit / rate.per)
      assert.ok(worst <= boundOf(rate), `${worst} of ${boundOf(rate)}`)
      const possible = rate.burst + (rate.limit * DURATION) / rate.per
      assert.ok(moments.length >= 0.9 * possible, `${moments.length} of ${possible}`)
    })

    test(`let at most a burst more through when the store goes away or comes back (chance ${seed})`, async () => {
      const rate: Rate = { limit: 100, per: 1000, burst: 20 }
      const moments = await run(seed, rate, 600, (time, store) => {
        time.plan(1000, () => (store.isAway = true))
        time.plan(2500, () => {
          store.tats.clear()
          store.isAway = false
        })
      })
      const worst = worstWindow(moments, rate.limit / rate.per)
      assert.ok(worst <= boundOf(rate, 3 * rate.burst), `${worst}`)
      // All gateways were asked for the key all the time, and so knew of each other: there is no burst at all.
      assert.ok(worst <= boundOf(rate, 1.5 * rate.burst), `${worst}`)
    })
  }
})
