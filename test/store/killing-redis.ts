import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { StoreUnavailable } from '../../src/store/registrations.ts'
import { startRedis } from '../helpers/redis-server.ts'
import { until } from '../helpers/until.ts'
import { put, remove } from './entries.ts'
import { openRegistry, type TestRegistry, urlsOf } from './redis-registry-lab.ts'

const BACKENDS = 8

/** What is known of a backend: whether it must be there; undefined = nobody was told. */
type Told = Map<string, boolean | undefined>

/** Registers and removes backends of its own, one write at a time, until it is told to stop. */
async function write(name: string, { store }: TestRegistry, told: Told, signal: AbortSignal): Promise<void> {
  for (let count = 0; !signal.aborted; count++) {
    const url = `http://${name}-${count % BACKENDS}:80`
    const isPut = Math.random() < 0.6
    told.set(url, undefined)
    try {
      const { entries } = await store.write(isPut ? put(url, 60_000) : remove(url))
      assert.equal(entries.has(`catalog ${url}`), isPut)
      told.set(url, isPut)
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error
      // So that of few backends nobody was told what became of them.
      await until('it is back', () => store.trouble === undefined || signal.aborted)
    }
    await delay(15 * Math.random())
  }
}

/**
 * Kills a Redis without a disk at random points while three gateways write, and starts it again. Fails when anything is
 * lost that was acknowledged, or is back that was removed.
 */
export async function killRedisWhileWriting(t: TestContext, kills: number): Promise<void> {
  const redis = await startRedis(t)
  const gateways = await Promise.all(['a', 'b', 'c'].map((id) => openRegistry(t, redis, { id })))
  const told: Told = new Map()
  let stopping = new AbortController()
  t.after(() => stopping.abort())
  for (let kill = 0; kill < kills; kill++) {
    stopping = new AbortController()
    const { signal } = stopping
    const writers = gateways.map((each, at) => write(`w${at}`, each, told, signal))
    await until('all are written', () => told.size === 3 * BACKENDS)
    await delay(200 * Math.random())
    await redis.kill()
    await redis.restart()
    await delay(300 * Math.random())
    stopping.abort()
    await Promise.all(writers)
    const [first] = gateways
    await until('all have found it again', async () => {
      const version = Number(await redis.client.get('{xgw}:ver'))
      return gateways.every(({ store }) => store.trouble === undefined && store.snapshot.version === version)
    })
    const known = [...told.values()].filter((must) => must !== undefined)
    assert.ok(known.length > told.size / 2, `${known.length} of ${told.size}`)
    const isThere = new Set(urlsOf(first!.store.snapshot))
    for (const [url, must] of told) {
      if (must !== undefined) assert.equal(isThere.has(url), must, `kill ${kill}: ${url}`)
    }
    for (const { store } of gateways) assert.deepEqual(store.snapshot.entries, first!.store.snapshot.entries)
    assert.deepEqual(
      (await redis.client.hkeys('{xgw}:state')).sort(),
      [...isThere].map((url) => `catalog ${url}`).sort()
    )
  }
}
