import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { suite, test, type TestContext } from 'node:test'
import { Pace } from '../../src/limits/gcra.ts'
import type { Grant, LimitCall, LimitStore } from '../../src/limits/limit-store.ts'
import { RedisLimits } from '../../src/store/redis-limits.ts'
import { collectLog } from '../helpers/log-lines.ts'
import { startRedis } from '../helpers/redis-server.ts'
import { until } from '../helpers/until.ts'

const AWAY = 'the store is away: each gateway decides its share of the rate limits'
const BACK = 'rate limits are shared again'
/** Answers take 50 ms at most; the rest is for busy machines. */
const SOON = 100 + 400

/** Ten at once, then one per minute. */
const PACE = new Pace({ limit: 1, per: 60_000, burst: 10 })

function connect(t: TestContext, url: string) {
  const { log, lines, text } = collectLog()
  const limits = new RedisLimits({ url }, log)
  t.after(() => limits.close())
  return { limits, store: limits.of('xgw', 'gateway default'), lines, text }
}

async function take(store: LimitStore, more: Partial<LimitCall> = {}): Promise<Grant | undefined> {
  return await store.take({ key: 'key', pace: PACE, cost: 1, wish: 0, floor: 0, ...more })
}

async function untilAnswers(store: LimitStore): Promise<void> {
  await until('it answers', async () => (await take(store, { key: 'probe' })) !== undefined)
}

// They mostly wait for the two seconds that a thread does not ask.
suite('a thread with its Redis', { concurrency: 3 }, () => {
  test('takes and gives back', async (t) => {
    const redis = await startRedis(t)
    const { store } = connect(t, redis.url)
    await untilAnswers(store)
    const first = await take(store, { cost: 3 })
    assert.equal(first?.granted, 3)
    assert.equal(first?.debt, 3 * PACE.interval)
    store.refund('key', 3, PACE)
    assert.equal((await take(store, { cost: 10 }))?.granted, 10)
    assert.equal((await take(store))?.granted, 0)
  })

  test('writes short keys, and nothing of what the client sent', async (t) => {
    const redis = await startRedis(t)
    const { store } = connect(t, redis.url)
    await untilAnswers(store)
    await take(store, { key: `Bearer top secret ${'x'.repeat(10_000)}` })
    const keys = await redis.client.keys('*')
    assert.equal(keys.length, 2)
    for (const key of keys) assert.match(key, /^\{xgw\}:limit:gateway default:[\w-]{22}$/)
  })

  test('loses its Redis and finds it again: nothing rejects, all is answered soon', async (t) => {
    const redis = await startRedis(t)
    const { store, lines } = connect(t, redis.url)
    await untilAnswers(store)
    await redis.kill()
    for (let call = 0; call < 20; call++) {
      const begin = performance.now()
      assert.equal(await take(store), undefined)
      assert.ok(performance.now() - begin < SOON)
    }
    assert.equal(store.isAway, true)
    await redis.restart()
    await untilAnswers(store)
    assert.equal(store.isAway, false)
    assert.equal(lines(AWAY).length, 1)
    assert.match(String(lines(AWAY)[0]!.reason), /^(?:connect_refused|not_connected|reset|connect_failed)$/)
    assert.equal(lines(BACK).length, 1)
  })

  test('is answered soon by nobody when its Redis stands still', async (t) => {
    const redis = await startRedis(t)
    const { store, lines } = connect(t, redis.url)
    await untilAnswers(store)
    redis.pause()
    const begin = performance.now()
    const answers = await Promise.all(Array.from({ length: 20 }, () => take(store)))
    assert.ok(performance.now() - begin < SOON)
    assert.deepEqual(new Set(answers), new Set([undefined]))
    assert.equal(store.isAway, true)
    const here = performance.now()
    assert.equal(store.take({ key: 'key', pace: PACE, cost: 1, wish: 0, floor: 0 }), undefined)
    assert.ok(performance.now() - here < 50, 'not even asked')
    redis.resume()
    await untilAnswers(store)
    assert.equal(lines(AWAY)[0]!.reason, 'timeout')
    assert.equal(lines(BACK).length, 1)
  })

  test('gives up a connection on which nobody answers', async (t) => {
    const redis = await startRedis(t)
    const { store } = connect(t, redis.url)
    const idOf = async (): Promise<string | undefined> =>
      /^id=(\d+) .* name=xecureapi /m.exec(String(await redis.client.client('LIST')))?.[1]
    await untilAnswers(store)
    const before = await idOf()
    redis.pause()
    await until('it has tried', async () => {
      const wasAway = store.isAway
      const begin = performance.now()
      await take(store)
      return wasAway && performance.now() - begin > 40
    })
    redis.resume()
    await untilAnswers(store)
    assert.notEqual(await idOf(), before)
  })

  test('starts while its Redis is down', async (t) => {
    const redis = await startRedis(t, { isDown: true })
    const { store } = connect(t, redis.url)
    assert.equal(await take(store), undefined)
    await redis.restart()
    await untilAnswers(store)
  })

  test('takes no standstill of its own for one of Redis', async (t) => {
    const redis = await startRedis(t)
    const { store } = connect(t, redis.url)
    await untilAnswers(store)
    const answer = take(store)
    await delay(5)
    const end = performance.now() + 150
    while (performance.now() < end);
    assert.equal((await answer)?.granted, 1)
  })

  test('tells why it is refused, and never the password', async (t) => {
    const redis = await startRedis(t, { password: 'open-sesame' })
    const right = connect(t, redis.url)
    await untilAnswers(right.store)
    const wrong = connect(t, redis.url.replace('open-sesame', 'guessed-secret'))
    await until('it is away', async () => {
      await take(wrong.store)
      return wrong.store.isAway
    })
    assert.equal(wrong.lines(AWAY)[0]!.reason, 'wrongpass')
    await redis.kill()
    await until('it is away', async () => {
      await take(right.store)
      return right.store.isAway
    })
    assert.doesNotMatch(right.text() + wrong.text(), /sesame|guessed/)
  })

  test('takes the time of its first attempt to connect for no failure', async (t) => {
    const redis = await startRedis(t)
    const { store, lines } = connect(t, redis.url)
    const answers = await Promise.all(Array.from({ length: 20 }, () => take(store)))
    assert.deepEqual(new Set(answers), new Set([undefined]))
    assert.equal(store.isAway, false)
    await untilAnswers(store)
    assert.equal(lines(AWAY).length, 0)
  })

  test('asks nobody for a moment after a call that timed out, and gives nothing back', async (t) => {
    const redis = await startRedis(t)
    const { limits, store } = connect(t, redis.url)
    const another = limits.of('xgw', 'gateway another')
    await untilAnswers(store)
    await take(another, { cost: 4 })
    redis.pause()
    await take(store)
    const next = another.take({ key: 'key', pace: PACE, cost: 1, wish: 0, floor: 0 })
    another.refund('key', 1, PACE)
    assert.equal(next, undefined, 'a request with several limits waits once')
    assert.equal(store.isAway, false)
    redis.resume()
    await until('it answers', async () => (await take(store)) !== undefined)
    const after = await take(another)
    assert.ok(after && after.debt > 4 * PACE.interval, 'what Redis did not grant')
  })

  test('is without a Redis that may not be written to, whatever it would say', async (t) => {
    const redis = await startRedis(t)
    const { store, lines } = connect(t, redis.url)
    await untilAnswers(store)
    await take(store, { cost: 10 })
    assert.equal((await take(store))?.granted, 0)
    await redis.client.config('SET', 'maxmemory', '1')
    assert.equal(await take(store), undefined, 'full')
    await redis.client.config('SET', 'maxmemory', '0')
    await redis.client.replicaof('127.0.0.1', '1')
    await until('it is away', async () => {
      await take(store)
      return store.isAway
    })
    assert.match(String(lines(AWAY)[0]!.reason), /^(?:readonly|not_connected)$/)
  })

  test('answers what waits when it is closed', async (t) => {
    const redis = await startRedis(t)
    const { limits, store, lines } = connect(t, redis.url)
    await untilAnswers(store)
    redis.pause()
    const answer = take(store)
    limits.close()
    assert.equal(await answer, undefined)
    assert.equal(store.take({ key: 'key', pace: PACE, cost: 1, wish: 0, floor: 0 }), undefined)
    assert.equal(lines(AWAY).length, 0)
  })
})
