import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { suite, test } from 'node:test'
import type { TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { Cluster } from 'ioredis'
import type { RedisConnectionConfig } from '../../src/config/types.ts'
import { Pace } from '../../src/limits/gcra.ts'
import { openRedis } from '../../src/store/redis-client.ts'
import { RedisLimits } from '../../src/store/redis-limits.ts'
import { collectLog } from '../helpers/log-lines.ts'
import { startCluster } from '../helpers/redis-groups.ts'
import type { TestRedis } from '../helpers/redis-server.ts'
import { until } from '../helpers/until.ts'
import { put, remove } from './entries.ts'
import { openRegistry, urlsOf } from './redis-registry-lab.ts'

const AWAY = 'the store is away: each gateway decides its share of the rate limits'

/** Ten at once, then one per minute. */
const PACE = new Pace({ limit: 1, per: 60_000, burst: 10 })

function limitsOf(t: TestContext, config: RedisConnectionConfig) {
  const { log, lines } = collectLog()
  const limits = new RedisLimits(config, log)
  t.after(() => limits.close())
  const store = limits.of('xgw', 'gateway default')
  const take = async (key: string) => await store.take({ key, pace: PACE, cost: 1, wish: 0, floor: 0 })
  return { store, take, lines }
}

/** The node that has the keys of the prefix `xgw`. */
async function holderOf(nodes: readonly TestRedis[]): Promise<TestRedis> {
  const sizes = await Promise.all(nodes.map(({ client }) => client.dbsize()))
  const holders = nodes.filter((_, index) => sizes[index]! > 0)
  assert.equal(holders.length, 1, 'all keys are on one node')
  return holders[0]!
}

type Counter = Cluster & { readonly count: (key: string) => Promise<number> }

/** A connection that counts, one by one. @param url - Of any node. */
function counterOf(t: TestContext, url: string): Counter {
  const { redis } = openRedis({ url: [url] })
  t.after(() => redis.disconnect())
  redis.defineCommand('count', { lua: "return redis.call('INCR', KEYS[1])", numberOfKeys: 1 })
  return redis as Counter
}

async function isAnswered(asked: Promise<unknown>): Promise<boolean> {
  return await asked.then(
    () => true,
    () => false
  )
}

suite('a cluster of Redis', { concurrency: 4 }, () => {
  test('counts limits and keeps registrations, all on one of its nodes, also when they move', async (t) => {
    const nodes = await startCluster(t, { nodes: 2, password: 'p@ss' })
    // Of one only: the other is found, and has the same login.
    const url = [`redis://:p%40ss@127.0.0.1:${nodes[1]!.port}`]
    const { store, take } = limitsOf(t, { url })
    const [one, two] = [await openRegistry(t, { url }), await openRegistry(t, { url }, { id: 'other' })]
    await until('limits are shared', async () => (await take('probe')) !== undefined)
    // Calls that take longer than anybody waits are counted too, but not answered: then another key is tried.
    await until('the burst and no more is let through', async () => {
      const key = randomUUID()
      const first = await take(key)
      store.refund(key, 1, PACE)
      const grants = []
      for (let count = 0; count < 11; count++) grants.push((await take(key))?.granted)
      if (!first || grants.includes(undefined)) return false
      assert.deepEqual(grants, [...Array<number>(10).fill(1), 0])
      return true
    })

    await until('it is found', () => one.store.trouble === undefined && two.store.trouble === undefined)
    await one.store.write(put('http://a:80', 60_000))
    await one.store.write(put('http://b:80'))
    await until('the other sees it', () => urlsOf(two.store.snapshot).length === 2)
    assert.equal(await two.store.renew('catalog', 'http://a:80'), true)
    await two.store.write(remove('http://b:80'))
    await until('the first sees it', () => urlsOf(one.store.snapshot).join() === 'http://a:80')

    // The node that has them gives them away.
    const from = await holderOf(nodes)
    assert.deepEqual(await from.client.hkeys('{xgw}:state'), ['catalog http://a:80'])
    const to = nodes.find((each) => each !== from)!
    const slot = await from.client.cluster('KEYSLOT', '{xgw}:state')
    const [fromId, toId] = [
      await from.client.call('CLUSTER', 'MYID'),
      await to.client.call('CLUSTER', 'MYID')
    ]
    await to.client.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', String(fromId))
    await from.client.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', String(toId))
    const keys = await from.client.keys('*')
    await from.client.call('MIGRATE', '127.0.0.1', to.port, '', 0, 5000, 'AUTH', 'p@ss', 'KEYS', ...keys)
    for (const { client } of [to, from]) await client.call('CLUSTER', 'SETSLOT', slot, 'NODE', String(toId))
    await until('limits are counted there', async () => (await take('other')) !== undefined)
    await until('it writes there', async () => {
      await one.store.write(put('http://b:80')).catch(() => undefined)
      return (await to.client.hkeys('{xgw}:state')).includes('catalog http://b:80')
    })
    await until('the other sees it there', () => urlsOf(two.store.snapshot).length === 2)
  })

  test('goes on when the node that has the keys was away, and forgets nothing that was acknowledged', async (t) => {
    const nodes = await startCluster(t, { nodes: 2 })
    const url = nodes.map((each) => each.url)
    const { take, lines } = limitsOf(t, { url })
    const { store } = await openRegistry(t, { url })
    await until('it is found', async () => store.trouble === undefined && !!(await take('key')))
    await store.write(put('http://a:80'))
    const holder = await holderOf(nodes)
    await holder.kill()
    await until('limits are alone', async () => {
      await take('key')
      return lines(AWAY).length > 0
    })
    await until('it is told', () => store.trouble !== undefined)
    await assert.rejects(async () => await store.write(put('http://b:80')), { name: 'StoreUnavailable' })
    assert.deepEqual(urlsOf(store.snapshot), ['http://a:80'])
    await holder.restart()
    await until('it is back', () => store.trouble === undefined)
    await store.write(put('http://c:80'))
    await until('limits are shared again', async () => !!(await take('key')))
    const kept = await holder.client.hkeys('{xgw}:state')
    assert.deepEqual(kept.sort(), ['catalog http://a:80', 'catalog http://c:80'])
  })

  test('is sent nothing twice that may have arrived', async (t) => {
    const nodes = await startCluster(t, { nodes: 2 })
    const client = counterOf(t, nodes[0]!.url)
    await until('it answers', () => isAnswered(client.count('{xgw}:n')))
    const holder = await holderOf(nodes)
    const before = Number(await holder.client.get('{xgw}:n'))
    holder.pause()
    const asked = assert.rejects(client.count('{xgw}:n'))
    await delay(50)
    client
      .nodes('master')
      .find(({ options }) => options.port === holder.port)!
      .stream.destroy()
    await asked
    holder.resume()
    await until('it answers again', () => isAnswered(client.count('{xgw}:n')))
    assert.equal(Number(await holder.client.get('{xgw}:n')), before + 2)
  })

  test('answers what is asked first after a slot has moved, also by a node that there was no connection to', async (t) => {
    const nodes = await startCluster(t, { nodes: 2 })
    const client = counterOf(t, nodes[0]!.url)
    await until('it answers', () => isAnswered(client.count('{xgw}:n')))
    const from = await holderOf(nodes)
    const to = nodes.find((each) => each !== from)!
    await from.client.flushall()
    const slot = await from.client.cluster('KEYSLOT', '{xgw}:n')
    const toId = String(await to.client.call('CLUSTER', 'MYID'))
    for (const { client: node } of [to, from]) await node.call('CLUSTER', 'SETSLOT', slot, 'NODE', toId)
    const forgotten = once(client, '-node')
    client
      .nodes()
      .find(({ options }) => options.port === to.port)!
      .disconnect()
    await forgotten
    assert.equal(await client.count('{xgw}:n'), 1)
  })

  test('that nobody reaches, or that refuses the password, says why', async (t) => {
    const [node] = await startCluster(t, { nodes: 1, password: 'right' })
    const reasons: [url: string, reason: string][] = [
      [`redis://:wrong@127.0.0.1:${node!.port}`, 'wrongpass'],
      [`redis://127.0.0.1:${node!.port}`, 'noauth'],
      ['redis://127.0.0.1:1', 'connect_refused']
    ]
    for (const [url, reason] of reasons) {
      const { redis, reasonOf } = openRedis({ url: [url] })
      t.after(() => redis.disconnect())
      await until(reason, () => reasonOf(undefined) === reason)
    }
  })
})
