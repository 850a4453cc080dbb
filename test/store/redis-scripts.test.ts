import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Pace, type Rate } from '../../src/limits/gcra.ts'
import { REFUND_SCRIPT, TAKE_SCRIPT } from '../../src/store/redis-scripts.ts'
import { seeded } from '../balancing/seeded.ts'
import { startRedis, type TestRedis } from '../helpers/redis-server.ts'

/** What the scripts should do, with one key's theoretical arrival time in memory. */
class Model {
  readonly #pace: Pace
  #tat = 0

  constructor(pace: Pace) {
    this.#pace = pace
  }

  #ticks(us: number): number {
    return Math.floor(us / (this.#pace.tick * 1000))
  }

  take(us: number, cost: number, wish: number, floor: number): [granted: number, debt: number] {
    const pace = this.#pace
    const now = this.#ticks(us)
    const debt = Math.max(pace.debt(this.#tat, now), Math.min(floor, pace.depth))
    const granted = pace.wait(debt, cost) > 0 ? 0 : Math.min(cost + wish, pace.room(debt))
    this.#tat = now + debt + granted * pace.interval
    return [granted, debt + granted * pace.interval]
  }

  refund(us: number, cost: number): void {
    const now = this.#ticks(us)
    this.#tat = Math.max(now, this.#tat - cost * this.#pace.interval)
  }
}

/** So slow that no key ends by Redis's own clock while a test runs on another. */
const RATES: readonly Rate[] = [
  { limit: 100, per: 1e9, burst: 100 },
  { limit: 7, per: 1e9, burst: 3 },
  { limit: 1, per: 86_400_000, burst: 5 },
  { limit: 3_000_000, per: 1000, burst: 1_000_000_000 },
  { limit: 1000, per: 6e10, burst: 1 }
]

async function take(redis: TestRedis, key: string, pace: Pace, ...words: number[]): Promise<unknown> {
  return await redis.client.eval(TAKE_SCRIPT, 1, key, pace.tick * 1000, pace.interval, pace.depth, ...words)
}

/** Microseconds since the scripts' epoch, in 2026. */
const START = 5e13

suite('the scripts in Redis', () => {
  test('decide as the model does, call by call', async (t) => {
    const redis = await startRedis(t)
    const random = seeded(7)
    for (const [index, rate] of RATES.entries()) {
      const pace = new Pace(rate)
      const model = new Model(pace)
      const key = `limit ${index}`
      let us = START
      for (let call = 0; call < 600; call++) {
        us += Math.floor(random() * random() * 3000 * pace.milliseconds(pace.interval))
        const cost = 1 + Math.floor(random() * Math.min(3, rate.burst))
        if (random() < 0.15) {
          model.refund(us, cost)
          await redis.client.eval(REFUND_SCRIPT, 1, key, pace.tick * 1000, cost * pace.interval, us)
          continue
        }
        const wish = random() < 0.3 ? Math.floor(random() * 10) : 0
        const floor = random() < 0.1 ? Math.floor(random() * pace.depth * 1.2) : 0
        assert.deepEqual(
          await take(redis, key, pace, cost, wish, floor, us),
          model.take(us, cost, wish, floor),
          `rate ${index}, call ${call}`
        )
      }
    }
  })

  test('let no more through than burst + t × limit ÷ per by their own clock', async (t) => {
    const redis = await startRedis(t)
    const pace = new Pace({ limit: 200, per: 1000, burst: 10 })
    const begin = performance.now()
    let granted = 0
    while (performance.now() - begin < 500) {
      const [more] = (await take(redis, 'key', pace, 1, 0, 0)) as [number]
      granted += more
    }
    const elapsed = performance.now() - begin
    assert.ok(granted <= 10 + (elapsed * 200) / 1000, `${granted} in ${elapsed} ms`)
    // What nobody asks for while the machine is busy is lost beyond the burst.
    assert.ok(granted >= 50, `${granted} in ${elapsed} ms`)
  })

  test('keep a key no longer than it owes', async (t) => {
    const redis = await startRedis(t)
    const pace = new Pace({ limit: 10, per: 1000, burst: 10 })
    await take(redis, 'key', pace, 3, 0, 0)
    const left = await redis.client.pttl('key')
    assert.ok(left > 0 && left <= 302, `${left} ms`)
    await redis.client.eval(REFUND_SCRIPT, 1, 'key', pace.tick * 1000, 3 * pace.interval)
    assert.equal(await redis.client.exists('key'), 0)
  })

  test('read a debt of other numbers in ticks of their own', async (t) => {
    const redis = await startRedis(t)
    const before = new Pace({ limit: 10, per: 1000, burst: 10 })
    const after = new Pace({ limit: 3, per: 1000, burst: 10 })
    assert.notEqual(before.tick, after.tick)
    await take(redis, 'key', before, 10, 0, 0, START)
    const [granted, debt] = (await take(redis, 'key', after, 10, 0, 0, START)) as [number, number]
    assert.equal(granted, 0)
    assert.ok(Math.abs(after.milliseconds(debt) - 1000) < 0.01, `${after.milliseconds(debt)} ms`)
  })

  test('take a value that is none of theirs for none', async (t) => {
    const redis = await startRedis(t)
    const pace = new Pace({ limit: 10, per: 1000, burst: 10 })
    await redis.client.set('key', 'something else')
    assert.deepEqual(await take(redis, 'key', pace, 1, 0, 0, START), [1, pace.interval])
  })
})
