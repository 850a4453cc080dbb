import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { suite, test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { StoreUnavailable, VersionConflict } from '../../src/store/registrations.ts'
import { startRedis } from '../helpers/redis-server.ts'
import { until } from '../helpers/until.ts'
import { put, remove } from './entries.ts'
import { openRegistry, urlsOf } from './redis-registry-lab.ts'

const A = 'http://a:80'
const B = 'http://b:80'
const C = 'http://c:80'
const D = 'http://d:80'

function isUnavailable(...reasons: string[]) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof StoreUnavailable)
    assert.ok(reasons.includes(error.reason), error.reason)
    return true
  }
}

/** Passes connections on to a port; from `begin` to `end` each breaks where the first answer would come back. */
async function cuttingProxy(t: TestContext, port: number) {
  let isCutting = false
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const redis = connect(port, '127.0.0.1')
    for (const socket of [client, redis]) sockets.add(socket.on('error', () => {}))
    const end = (): void => [client, redis].forEach((socket) => socket.destroy())
    client.on('data', (data) => redis.write(data)).on('close', end)
    redis.on('data', (data) => (isCutting ? end() : client.write(data))).on('close', end)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  const { port: own } = server.address() as AddressInfo
  return {
    url: `redis://127.0.0.1:${own}`,
    begin: () => void (isCutting = true),
    end: () => void (isCutting = false)
  }
}

suite('a Redis that is away, or forgets', { concurrency: 4 }, () => {
  test('gets everything back when it was flushed, with versions above all known ones', async (t) => {
    const redis = await startRedis(t)
    const [one, two] = [await openRegistry(t, redis), await openRegistry(t, redis)]
    await one.store.write(put(A, 30_000))
    await one.store.write(put(B))
    await until('two has seen it', () => two.store.snapshot.version === 2)
    await redis.client.flushall()
    await until('it is brought back', async () => (await redis.client.hlen('{xgw}:state')) === 2)
    await until('both follow', () => [one, two].every(({ store }) => store.snapshot.version === 1_000_000))
    assert.deepEqual(urlsOf(one.store.snapshot), [A, B])
    assert.deepEqual(urlsOf(two.store.snapshot), [A, B])
    assert.ok(Number(await redis.client.zscore('{xgw}:lease', `catalog ${A}`)) > Date.now())
    await two.store.write(remove(A))
    await until('one has seen it', () => one.store.snapshot.version === 1_000_001)
    // Only one of them did it.
    assert.equal([...one.messages, ...two.messages].length, 1)
  })

  test('is served from the last known good while it is down, also by who starts then', async (t) => {
    const redis = await startRedis(t)
    const one = await openRegistry(t, redis)
    await one.store.write(put(A))
    await one.store.write(put(B))
    await one.store.write(remove(B))
    await redis.kill()
    await until('it is told', () => one.store.trouble !== undefined)
    const began = performance.now()
    await assert.rejects(one.store.write(put(C)), isUnavailable('not_connected', 'connect_refused', 'reset'))
    await assert.rejects(one.store.renew('catalog', A), StoreUnavailable)
    assert.ok(performance.now() - began < 5000)
    assert.deepEqual(urlsOf(one.store.snapshot), [A])
    await one.store.close()
    const again = await openRegistry(t, redis, { folder: one.folder })
    assert.deepEqual(again.store.snapshot, one.store.snapshot)
    await until('it is told why', () => again.store.trouble === 'connect_refused')
    await assert.rejects(again.store.write(put(C)), isUnavailable('connect_refused'))
    await redis.restart()
    await until('it is back', () => again.store.trouble === undefined)
    assert.deepEqual(urlsOf(again.store.snapshot), [A])
    assert.equal((await again.store.write(put(C))).version, 1_000_001)
    assert.deepEqual((await redis.client.hkeys('{xgw}:state')).sort(), [`catalog ${A}`, `catalog ${C}`])
  })

  test('does not keep a gateway from opening while it stands still', async (t) => {
    const redis = await startRedis(t)
    redis.pause()
    t.after(() => redis.resume())
    const began = performance.now()
    const { store } = await openRegistry(t, redis)
    assert.ok(performance.now() - began < 5000)
    await assert.rejects(store.write(put(A)), StoreUnavailable)
    redis.resume()
    await until('it is there', () => store.trouble === undefined)
    assert.equal((await store.write(put(A))).version, 1)
  })

  test('does nothing later that it was asked for while it stood still', async (t) => {
    const redis = await startRedis(t)
    const { store } = await openRegistry(t, redis)
    await store.write(put(A))
    redis.pause()
    const began = performance.now()
    const results = await Promise.allSettled([
      store.write(put(B)),
      store.write(put(C)),
      store.renew('catalog', A)
    ])
    assert.ok(performance.now() - began < 5000)
    for (const result of results) {
      assert.equal(result.status, 'rejected')
      isUnavailable('timeout', 'not_connected')(result.reason)
    }
    await until('it is told', () => store.trouble === 'timeout')
    redis.resume()
    await until('it is back', () => store.trouble === undefined)
    await delay(300)
    assert.deepEqual(urlsOf(store.snapshot), [A])
    assert.deepEqual(await redis.client.hkeys('{xgw}:state'), [`catalog ${A}`])
    assert.equal((await store.write(put(B, undefined, 0))).version, 2)
  })

  test('may be asked for the same again by who was not told that it was done', async (t) => {
    const redis = await startRedis(t)
    const cut = await cuttingProxy(t, redis.port)
    const { store } = await openRegistry(t, cut)
    for (const change of [put(A, undefined, 0), remove(A, 1)]) {
      cut.begin()
      await assert.rejects(store.write(change), StoreUnavailable)
      cut.end()
      await until('it is back', () => store.trouble === undefined)
      await store.write(change)
    }
    assert.equal(await redis.client.get('{xgw}:ver'), '2')
    // Once it is told, it is like any other.
    await assert.rejects(store.write(remove(A, 1)), VersionConflict)
  })

  test('is not believed with less than half, until an operator confirms it', async (t) => {
    const redis = await startRedis(t)
    const one = await openRegistry(t, redis)
    for (const url of [A, B, C]) await one.store.write(put(url))
    await redis.kill()
    await redis.restart()
    // Somebody who knew nothing came first.
    const newcomer = (epoch: string): Promise<unknown> =>
      redis.client
        .multi()
        .flushall()
        .set('{xgw}:epoch', epoch)
        .set('{xgw}:ver', 1)
        .hset(
          '{xgw}:state',
          `catalog ${D}`,
          JSON.stringify({ group: 'catalog', url: D, state: 'disabled', version: 1 })
        )
        .exec()
    await newcomer('other')
    await until('it is doubted', () => one.store.trouble === 'unconfirmed_snapshot')
    assert.deepEqual(urlsOf(one.store.snapshot), [A, B, C, D])
    await assert.rejects(one.store.write(put(A)), isUnavailable('unconfirmed_snapshot'))
    const two = await openRegistry(t, redis)
    assert.deepEqual(urlsOf(two.store.snapshot), [D])
    await two.store.write(put(B))
    await until('what is new is served', () => one.store.snapshot.entries.get(`catalog ${B}`)?.version === 2)
    assert.equal(one.store.trouble, 'unconfirmed_snapshot')
    assert.equal(await redis.client.hlen('{xgw}:state'), 2)
    assert.deepEqual(urlsOf(await one.store.confirm()), [B, D])
    assert.equal(one.store.trouble, undefined)
    await one.store.write(put(C))
    await until('two has seen it', () => two.store.snapshot.version === 3)
  })

  test('gets back what is known, beside what it has, when an operator says so', async (t) => {
    const redis = await startRedis(t)
    const one = await openRegistry(t, redis)
    for (const url of [A, B, C]) await one.store.write(put(url))
    const value = JSON.stringify({ group: 'catalog', url: D, state: 'disabled', version: 1 })
    const other = redis.client.multi().flushall().set('{xgw}:epoch', 'other').set('{xgw}:ver', 1)
    await other.hset('{xgw}:state', `catalog ${D}`, value).exec()
    const two = await openRegistry(t, redis)
    await until('it is doubted', () => one.store.trouble === 'unconfirmed_snapshot')
    const { version } = await one.store.restore()
    assert.ok(version >= 1_000_000)
    await until('two follows', () => two.store.snapshot.version === version)
    assert.deepEqual(urlsOf(two.store.snapshot), [A, B, C, D])
    assert.equal(one.store.trouble, undefined)
  })

  test('is left to those who know something, by who knows nothing', async (t) => {
    const redis = await startRedis(t)
    const one = await openRegistry(t, redis)
    await one.store.write(put(A))
    await one.store.write(put(B))
    await one.store.close()
    await redis.restart()
    const newcomer = openRegistry(t, redis, { deference: 1200 }).then(async ({ store }) => {
      await store.write(put(C))
      return store
    })
    await delay(100)
    const again = await openRegistry(t, redis, { folder: one.folder })
    assert.deepEqual(urlsOf((await newcomer).snapshot), [A, B, C])
    await until('it is seen', () => again.store.snapshot.entries.size === 3)
  })

  test('that comes back as it was earlier gets what it lost, and nothing that was removed', async (t) => {
    const redis = await startRedis(t)
    const [one, two] = [await openRegistry(t, redis), await openRegistry(t, redis)]
    await one.store.write(put(A))
    await one.store.write(put(B))
    const { client } = redis
    const names = ['ver', 'state', 'log', 'epoch'].map((name) => `{xgw}:${name}`)
    const dumps = await Promise.all(names.map((name) => client.dumpBuffer(name)))
    await one.store.write(remove(A))
    await two.store.write(put(C))
    await until('one has seen it', () => one.store.snapshot.version === 4)
    const earlier = client.multi().flushall()
    names.forEach((name, at) => earlier.restore(name, 0, dumps[at]!))
    await earlier.exec()
    // What is written before anybody has looked is not lost either.
    await one.store.write(put(D))
    await until('both follow', () => [one, two].every(({ store }) => store.snapshot.version === 1_000_001))
    assert.deepEqual(urlsOf(one.store.snapshot), [B, C, D])
    assert.deepEqual(two.store.snapshot, one.store.snapshot)
    assert.equal(await client.hlen('{xgw}:state'), 3)
  })
})
