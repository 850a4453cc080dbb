import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { suite, test, type TestContext } from 'node:test'
import { startBackend } from '../helpers/backend.ts'
import { startChildGateway } from '../helpers/child-gateway.ts'
import { collectEvents, type RawConfig, startGateway } from '../helpers/gateway.ts'
import { keepAliveAgent, type Outcome, send } from '../helpers/load.ts'
import { startRedis } from '../helpers/redis-server.ts'
import { until } from '../helpers/until.ts'

/** Answers take less than 100 ms; the rest is for busy machines. */
const SOON = 100 + 900
/** Ten at once, then one per minute. */
const SLOW = { limit: 1, per: '1m', burst: 10, key: 'header:x-key' }

function configOf(backend: string, store: RawConfig, rateLimit: RawConfig = SLOW): RawConfig {
  return {
    store,
    rateLimit,
    upstreams: { lab: { backends: [backend] } },
    routes: [{ path: '/', upstream: 'lab' }]
  }
}

function clientOf(t: TestContext) {
  const agent = keepAliveAgent(t)
  const ask = (url: string, key = 'one'): Promise<Outcome> => send(agent, url, { headers: { 'x-key': key } })
  /** How many of so many requests, one after the other, get through; all are answered soon. */
  const admitted = async (url: string, count: number, key?: string): Promise<number> => {
    let count200 = 0
    for (let request = 0; request < count; request++) {
      const begin = performance.now()
      const { status, error } = await ask(url, key)
      assert.ok(status === 200 || status === 429, `status ${status}, ${error}`)
      assert.ok(performance.now() - begin < SOON)
      if (status === 200) count200++
    }
    return count200
  }
  return { ask, admitted }
}

for (const workers of [0, 2]) {
  suite(`gateways that share limits, with ${workers} workers`, { concurrency: 2 }, () => {
    test('let a burst through once, and deny without Redis whom it has denied', async (t) => {
      const redis = await startRedis(t)
      const backend = await startBackend(t, 'a')
      const config = configOf(backend.url, { type: 'redis', url: redis.url })
      const one = await startGateway(t, config, { workers })
      const two = await startGateway(t, config, { workers })
      const { admitted } = clientOf(t)
      await until('they reach Redis', async () => {
        const before = await redis.decisions()
        await admitted(one.url, 1, `probe ${before}`)
        await admitted(two.url, 1, `probe ${before}`)
        return (await redis.decisions()) >= before + 2
      })
      await delay(50)
      assert.equal(await admitted(one.url, 7), 7)
      assert.equal(await admitted(two.url, 7), 3)
      assert.equal(await admitted(one.url, 7), 0)
      const before = await redis.decisions()
      assert.equal((await admitted(one.url, 30)) + (await admitted(two.url, 30)), 0)
      assert.equal(await redis.decisions(), before)
    })

    test('answer without Redis as with it, and give no burst when it is back and empty', async (t) => {
      const redis = await startRedis(t)
      const backend = await startBackend(t, 'a')
      const { url } = await startGateway(t, configOf(backend.url, { type: 'redis', url: redis.url }), {
        workers
      })
      const { admitted } = clientOf(t)
      assert.equal(await admitted(url, 8), 8)
      await redis.kill()
      assert.equal(await admitted(url, 12), 2)
      assert.equal(await admitted(url, 12, 'another'), 10)
      await redis.restart()
      await until('it is asked again', async () => {
        await admitted(url, 4, `probe ${Math.random()}`)
        return (await redis.decisions()) > 8
      })
      assert.equal(await admitted(url, 12), 0)
      assert.equal(await admitted(url, 12, 'another'), 0)
    })
  })
}

// They mostly wait for a thread that looks for its Redis every two seconds.
suite('gateways that share limits', { concurrency: 3 }, () => {
  test('answer soon while Redis stands still, and share again when it goes on', async (t) => {
    const redis = await startRedis(t)
    const backend = await startBackend(t, 'a')
    const config = configOf(backend.url, { type: 'redis', url: redis.url })
    const { url } = await startGateway(t, config, { workers: 2 })
    const { admitted } = clientOf(t)
    assert.equal(await admitted(url, 5), 5)
    redis.pause()
    assert.equal(await admitted(url, 12), 5)
    assert.equal(await admitted(url, 12, 'another'), 10)
    redis.resume()
    const before = await redis.decisions()
    await until('it is asked again', async () => {
      await admitted(url, 4, `probe ${Math.random()}`)
      return (await redis.decisions()) > before + 16
    })
    assert.equal(await admitted(url, 12), 0)
  })

  test('start and serve while Redis is down, and find it', async (t) => {
    const redis = await startRedis(t, { isDown: true })
    const backend = await startBackend(t, 'a')
    const config = configOf(backend.url, { type: 'redis', url: redis.url })
    const { url, gateway } = await startGateway(t, config, { workers: 2 })
    const events = collectEvents(gateway, 'store')
    const { admitted } = clientOf(t)
    assert.equal(await admitted(url, 12), 10)
    await until('it tells', () => events.length === 1)
    await redis.restart()
    await until('it tells', () => events.length === 2)
    assert.deepEqual(
      events.map(({ state }) => state),
      ['away', 'back']
    )
    await until('it is asked', async () => {
      await admitted(url, 4, `probe ${Math.random()}`)
      return (await redis.decisions()) > 0
    })
    assert.equal(await admitted(url, 12), 0)
  })

  test('move to another Redis and to a store of their own with a reload', async (t) => {
    const [first, second] = [await startRedis(t), await startRedis(t)]
    const backend = await startBackend(t, 'a')
    const { url, write, gateway } = await startGateway(
      t,
      configOf(backend.url, { type: 'redis', url: first.url }),
      { workers: 2 }
    )
    const { admitted } = clientOf(t)
    const connections = async ({ client }: typeof first): Promise<number> =>
      String(await client.client('LIST')).split('name=xecureapi ').length - 1
    const reloaded = async (store: RawConfig): Promise<void> => {
      await write(configOf(backend.url, store))
      assert.notEqual((await gateway.reload('admin')).outcome, 'failed')
    }
    assert.equal(await admitted(url, 4), 4)
    await until('all threads are there', async () => (await connections(first)) === 3)
    await reloaded({ type: 'redis', url: second.url })
    assert.equal(await admitted(url, 4), 4, 'what was used up stays so')
    await until('all threads have moved', async () => (await connections(second)) === 3)
    await until('nobody is left', async () => (await connections(first)) === 0)
    await reloaded({ type: 'file' })
    assert.equal(await admitted(url, 12), 2)
    await until('nobody is left', async () => (await connections(second)) === 0)
  })

  test('set nobody free in a flood of keys', async (t) => {
    const redis = await startRedis(t)
    const backend = await startBackend(t, 'a')
    const config = configOf(backend.url, { type: 'redis', url: redis.url }, { ...SLOW, maxKeys: 100 })
    const { url } = await startGateway(t, config, { workers: 2 })
    const { ask, admitted } = clientOf(t)
    assert.equal(await admitted(url, 12), 10)
    for (let round = 0; round < 20; round++) {
      const keys = Array.from({ length: 25 }, (_, key) => `flood ${round} ${key}`)
      const outcomes = await Promise.all(keys.map((key) => ask(url, key)))
      assert.deepEqual(new Set(outcomes.map(({ status }) => status)), new Set([200]))
    }
    assert.equal(await admitted(url, 5), 0)
  })

  test('tell of Redis in the log, and never its password', async (t) => {
    const redis = await startRedis(t, { password: 'open-sesame' })
    const backend = await startBackend(t, 'a')
    const config = configOf(backend.url, { type: 'redis', url: redis.url })
    const child = await startChildGateway(t, { ...config, log: { level: 'debug' } }, 1)
    const { admitted } = clientOf(t)
    assert.equal(await admitted(child.url, 1), 1)
    await redis.kill()
    const away = 'the store is away: each gateway decides its share of the rate limits'
    await until('it tells', async () => {
      await admitted(child.url, 1, `probe ${Math.random()}`)
      return child.lines(away).length > 0 && child.lines('the store is away').length > 0
    })
    await redis.restart()
    await until('it tells', async () => {
      await admitted(child.url, 1, `probe ${Math.random()}`)
      return child.lines('rate limits are shared again').length > 0
    })
    await until('it tells', () => child.lines('the store is back').length > 0)
    assert.equal(child.lines(away).length, 1)
    assert.doesNotMatch(child.stdout() + child.stderr(), /sesame/)
  })
})
