import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { suite, test } from 'node:test'
import { startRedis } from '../helpers/redis-server.ts'
import { until } from '../helpers/until.ts'
import { put, registered } from './entries.ts'
import { openRegistry } from './redis-registry-lab.ts'

const A = 'http://a:80'
const B = 'http://b:80'
const KEY = `catalog ${A}`

suite('leases in a Redis', { concurrency: 4 }, () => {
  test('are whole with every put and renewal, and end with the removal', async (t) => {
    const redis = await startRedis(t)
    const { store } = await openRegistry(t, redis)
    const left = async (): Promise<number> => {
      const [score, [seconds]] = await Promise.all([
        redis.client.zscore('{xgw}:lease', KEY),
        redis.client.time()
      ])
      return score === null ? 0 : Number(score) - Number(seconds) * 1000
    }
    assert.equal(await store.renew('catalog', A), false)
    await store.write(put(A, 60_000))
    assert.ok((await left()) > 50_000)
    await redis.client.zadd('{xgw}:lease', 0, KEY)
    assert.equal(await store.renew('catalog', A), true)
    assert.ok((await left()) > 50_000)
    const removal = { by: 'me', since: 1, reason: 'removed' } as const
    await store.write({ kind: 'put', entry: { ...registered(A, 60_000), removal } })
    assert.equal(await left(), 0)
    assert.equal(await store.renew('catalog', A), false)
    await store.write(put(A))
    assert.equal(await store.renew('catalog', A), false)
  })

  test('that end are told of once, by one gateway, and seen by all', async (t) => {
    const redis = await startRedis(t)
    const options = { leastGrace: 0 }
    const one = await openRegistry(t, redis, { ...options, id: 'one' })
    const two = await openRegistry(t, redis, { ...options, id: 'two' })
    await one.store.write(put(A, 1000))
    await one.store.write(put(B, 60_000))
    const isLeaving = ({ store }: typeof one): boolean =>
      store.snapshot.entries.get(KEY)?.removal?.reason === 'lease_expired'
    await until('both see it', () => isLeaving(one) && isLeaving(two))
    await delay(1200)
    const told = [...one.expired, ...two.expired]
    assert.equal(told.length, 1)
    const [entry] = told
    const since = entry?.removal?.since ?? 0
    const by = one.expired.length > 0 ? 'one' : 'two'
    assert.deepEqual(entry, {
      ...registered(A, 1000),
      state: 'draining',
      removal: { by, since, reason: 'lease_expired' },
      version: 3
    })
    assert.ok(Math.abs(since - Date.now()) < 30_000)
    assert.deepEqual(one.store.snapshot, two.store.snapshot)
    assert.equal(one.store.snapshot.version, 3)
    assert.equal(await two.store.renew('catalog', A), false)
  })

  test('are not ended before everybody could renew, after Redis was away', async (t) => {
    const redis = await startRedis(t)
    const { store, expired } = await openRegistry(t, redis, { leastGrace: 1000 })
    await store.write(put(A, 3000))
    const troubles: unknown[] = []
    store.on('trouble', (reason) => troubles.push(reason))
    // Nobody renews; what Redis knows of the lease is long over when the gateway finds it again.
    await redis.client.zadd('{xgw}:lease', 0, KEY)
    for (const line of String(await redis.client.client('LIST')).split('\n')) {
      const [, id] = /^id=(\d+) .*name=xecureapi/.exec(line) ?? []
      if (id) await redis.client.client('KILL', 'ID', id)
    }
    await until('it is told', () => troubles.length > 0)
    const began = performance.now()
    await until('it is back', () => store.trouble === undefined)
    await delay(2000)
    assert.equal(expired.length, 0)
    await until('it has ended', () => expired.length === 1)
    assert.ok(performance.now() - began > 2500)
  })
})
