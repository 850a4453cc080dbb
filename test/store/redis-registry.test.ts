import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { StoreUnavailable, VersionConflict } from '../../src/store/registrations.ts'
import { startRedis } from '../helpers/redis-server.ts'
import { until } from '../helpers/until.ts'
import { put, registered, remove } from './entries.ts'
import { openRegistry, urlsOf } from './redis-registry-lab.ts'

const A = 'http://a:80'
const B = 'http://b:80'
const C = 'http://c:80'

suite('registrations in a Redis', { concurrency: 4 }, () => {
  test('are seen by all gateways that share it, and by one that comes later', async (t) => {
    const redis = await startRedis(t)
    const [one, two] = [await openRegistry(t, redis), await openRegistry(t, redis)]
    assert.equal(one.store.trouble, undefined)
    const snapshot = await one.store.write(put(A, 20_000))
    assert.equal(snapshot.version, 1)
    assert.deepEqual([...snapshot.entries.values()], [{ ...registered(A, 20_000), version: 1 }])
    assert.equal(one.store.snapshot, snapshot)
    await two.store.write(put(B))
    await two.store.write(remove(A))
    await until('one has seen it', () => one.store.snapshot.version === 3)
    assert.deepEqual(one.store.snapshot, two.store.snapshot)
    assert.deepEqual(one.versions, [1, 2, 3])
    const late = await openRegistry(t, redis)
    assert.deepEqual(late.store.snapshot, one.store.snapshot)
    const other = await openRegistry(t, redis, { prefix: 'other' })
    assert.equal(other.store.snapshot.entries.size, 0)
  })

  test('are seen as soon as Redis tells, not with the next look', async (t) => {
    const redis = await startRedis(t)
    const [one, two] = [await openRegistry(t, redis), await openRegistry(t, redis)]
    const began = performance.now()
    for (let version = 1; version <= 10; version++) {
      const seen = new Promise((resolve) => two.store.once('change', resolve))
      await one.store.write(put(A))
      await seen
    }
    // There is one look a second.
    assert.ok(performance.now() - began < 5000)
  })

  test('are refused when they are not as expected', async (t) => {
    const redis = await startRedis(t)
    const [one, two] = [await openRegistry(t, redis), await openRegistry(t, redis)]
    await one.store.write(put(A, undefined, 0))
    const isConflict = (error: unknown): boolean => error instanceof VersionConflict && error.found === 1
    await assert.rejects(two.store.write(put(A, undefined, 0)), isConflict)
    await assert.rejects(two.store.write(remove(A, 7)), isConflict)
    // Who was refused knows why.
    assert.deepEqual(urlsOf(two.store.snapshot), [A])
    await assert.rejects(two.store.write(remove(B, 4)), VersionConflict)
    assert.equal((await two.store.write(put(A, undefined, 1))).version, 2)
    assert.equal((await two.store.write(remove(A, 2))).entries.size, 0)
  })

  test('are written in order, each with a version of its own, by several at once', async (t) => {
    const redis = await startRedis(t)
    const [one, two] = [await openRegistry(t, redis), await openRegistry(t, redis)]
    const writes = Array.from({ length: 20 }, (_, at) => [
      one.store.write(put(`http://one-${at}:80`)),
      two.store.write(put(`http://two-${at}:80`))
    ])
    await Promise.all(writes.flat())
    await until('all is seen', () =>
      [one, two].every(({ store }) => store.snapshot.version === 40 && store.snapshot.entries.size === 40)
    )
    assert.deepEqual(one.store.snapshot.entries, two.store.snapshot.entries)
    const ours = [...one.store.snapshot.entries.values()].filter(({ url }) => url.includes('one'))
    const inOrder = ours.sort((a, b) => a.version - b.version).map(({ url }) => url)
    assert.deepEqual(
      inOrder,
      Array.from({ length: 20 }, (_, at) => `http://one-${at}:80`)
    )
  })

  test('are read again as a whole by who missed too much, or finds a gap', async (t) => {
    const redis = await startRedis(t)
    const { store } = await openRegistry(t, redis)
    await store.write(put(A))
    const { store: other } = await openRegistry(t, redis)
    await redis.client
      .multi()
      .hset('{xgw}:state', `catalog ${B}`, JSON.stringify({ ...registered(B), version: 9 }))
      .set('{xgw}:ver', 9)
      .xadd('{xgw}:log', '9-0', 'e', 'whatever', 'k', '', 'v', '')
      .exec()
    for (const each of [store, other]) {
      await until('it is read', () => each.snapshot.version === 9)
      assert.deepEqual(urlsOf(each.snapshot), [A, B])
    }
    await store.write(put(C))
    await until('the reader goes on', () => other.snapshot.version === 10)
  })

  test('that no gateway could have written are passed over', async (t) => {
    const redis = await startRedis(t)
    await redis.client.hset('{xgw}:state', {
      'catalog http://a:80': 'no JSON',
      'catalog http://b:80': JSON.stringify({ ...registered(C), version: 1 })
    })
    const { store } = await openRegistry(t, redis)
    assert.equal(store.snapshot.entries.size, 0)
    await assert.rejects(store.write(put('no address')), TypeError)
    await store.write(put(A))
    assert.deepEqual(urlsOf(store.snapshot), [A])
  })

  test('are as many as there may be', async (t) => {
    const redis = await startRedis(t)
    const { store } = await openRegistry(t, redis)
    const fields = Array.from({ length: 10_000 }, (_, at) => [`x${at}`, '{}']).flat()
    await redis.client.hset('{xgw}:state', ...fields)
    const isFull = (error: unknown): boolean => error instanceof StoreUnavailable && error.reason === 'full'
    await assert.rejects(store.write(put(A)), isFull)
    assert.equal(store.snapshot.version, 0)
  })

  test('that Redis refuses are told of until it takes some again', async (t) => {
    const redis = await startRedis(t)
    const { store } = await openRegistry(t, redis)
    const troubles: (string | undefined)[] = []
    store.on('trouble', (reason) => troubles.push(reason))
    await store.write(put(A))
    await redis.client.config('SET', 'maxmemory', '1')
    const isFull = (error: unknown): boolean => error instanceof StoreUnavailable && error.reason === 'oom'
    await assert.rejects(store.write(put(B)), isFull)
    assert.equal(store.trouble, 'oom')
    await redis.client.config('SET', 'maxmemory', '0')
    await until('it is over', () => store.trouble === undefined)
    assert.deepEqual(troubles, ['oom', undefined])
    assert.equal((await store.write(put(B))).version, 2)
  })

  test('are nobody’s after the end', async (t) => {
    const redis = await startRedis(t)
    const { store } = await openRegistry(t, redis)
    const last = store.write(put(A))
    await store.close()
    assert.equal((await last).version, 1)
    await assert.rejects(store.write(put(B)), StoreUnavailable)
    await assert.rejects(store.renew('catalog', A), StoreUnavailable)
    await until(
      'nobody is connected',
      async () => !String(await redis.client.client('LIST')).includes('xecureapi')
    )
  })
})
