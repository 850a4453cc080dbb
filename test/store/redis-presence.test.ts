import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { suite, test, type TestContext } from 'node:test'
import type { GatewayConfig, RateLimitConfig } from '../../src/config/types.ts'
import { RedisPresence } from '../../src/store/redis-presence.ts'
import type { Happening } from '../../src/telemetry/events.ts'
import { collectLog } from '../helpers/log-lines.ts'
import { startRedis } from '../helpers/redis-server.ts'
import { until } from '../helpers/until.ts'

const LIMIT: RateLimitConfig = {
  name: 'gateway',
  limit: 1,
  per: 1000,
  burst: 1,
  key: [{ from: 'ip' }],
  cost: 1,
  dryRun: false,
  allow: [],
  maxKeys: 1
}

type Followed = Pick<GatewayConfig, 'store' | 'rateLimit' | 'routes'>

function configOf(url: string, rateLimit: readonly RateLimitConfig[] = [LIMIT]): Followed {
  return { store: { type: 'redis', url, prefix: 'xgw', path: '/nowhere' }, rateLimit, routes: [] }
}

const ALONE: Followed = { store: { type: 'file', path: '/nowhere' }, rateLimit: [LIMIT], routes: [] }

function gateway(t: TestContext) {
  const { log, lines, text } = collectLog()
  const gateways = new Int32Array(new SharedArrayBuffer(4)).fill(1)
  const happenings: Happening[] = []
  const presence = new RedisPresence({ log, gateways, events: { record: (event) => happenings.push(event) } })
  t.after(() => presence.stop())
  const untilCounts = (count: number): Promise<void> =>
    until(`it counts ${count} gateways`, () => gateways[0] === count)
  return { presence, gateways, happenings, lines, text, untilCounts }
}

suite('gateways that share a Redis', { concurrency: 4 }, () => {
  test('count each other, and no longer who stopped', async (t) => {
    const redis = await startRedis(t)
    const [one, two] = [gateway(t), gateway(t)]
    one.presence.follow(configOf(redis.url))
    two.presence.follow(configOf(redis.url))
    await Promise.all([one.untilCounts(2), two.untilCounts(2)])
    await two.presence.stop()
    await one.untilCounts(1)
  })

  test('forget who gave no sign of life for five seconds', async (t) => {
    const redis = await startRedis(t)
    const set = '{xgw}:gateways'
    await redis.client.zadd(set, Date.now() - 6000, 'long gone', Date.now() + 60_000, 'alive')
    const { presence, untilCounts } = gateway(t)
    presence.follow(configOf(redis.url))
    await untilCounts(2)
    assert.deepEqual(await redis.client.zscore(set, 'long gone'), null)
    assert.ok((await redis.client.pttl(set)) > 0, 'the last one leaves nothing behind')
  })

  test('go on with the last number while it is away, and tell of it once', async (t) => {
    const redis = await startRedis(t, { password: 'open-sesame' })
    const [one, two] = [gateway(t), gateway(t)]
    one.presence.follow(configOf(redis.url))
    two.presence.follow(configOf(redis.url))
    await one.untilCounts(2)
    await redis.kill()
    await until('it tells', () => one.happenings.length === 1)
    const [away] = one.happenings
    assert.ok(away?.type === 'store' && away.state === 'away')
    assert.ok(away.reason !== undefined)
    assert.equal(one.gateways[0], 2)
    await redis.restart()
    await until('it tells', () => one.happenings.length === 2)
    assert.deepEqual(one.happenings[1], { type: 'store', state: 'back', use: 'limits' })
    await one.untilCounts(2)
    assert.equal(one.lines('the store is away').length, 1)
    assert.equal(one.lines('the store is back').length, 1)
    assert.doesNotMatch(one.text() + JSON.stringify(one.happenings), /sesame/)
  })

  test('are not fewer because others have not found it again yet', async (t) => {
    const redis = await startRedis(t)
    await redis.client.zadd('{xgw}:gateways', Date.now() + 60_000, 'another')
    const { presence, gateways, happenings, untilCounts } = gateway(t)
    presence.follow(configOf(redis.url))
    await untilCounts(2)
    await redis.kill()
    await until('it tells', () => happenings.length === 1)
    await redis.restart()
    await until('it tells', () => happenings.length === 2)
    assert.equal(gateways[0], 2)
    await untilCounts(1)
  })

  test('connect seldom to a replica, and say that it is one', async (t) => {
    const redis = await startRedis(t)
    const connections = async (): Promise<number> =>
      Number(/total_connections_received:(\d+)/.exec(await redis.client.info('stats'))?.[1])
    await redis.client.replicaof('127.0.0.1', '1')
    const { presence, happenings } = gateway(t)
    const before = await connections()
    presence.follow(configOf(redis.url))
    await until('it tells', () => happenings.length === 1)
    assert.deepEqual(happenings[0], { type: 'store', state: 'away', use: 'limits', reason: 'readonly' })
    await delay(2000)
    assert.ok((await connections()) - before <= 8)
  })

  test('move with the configuration', async (t) => {
    const [first, second] = [await startRedis(t), await startRedis(t)]
    const { presence, gateways, untilCounts } = gateway(t)
    await second.client.zadd('{xgw}:gateways', Date.now() + 60_000, 'another')
    presence.follow(configOf(first.url, []))
    presence.follow(configOf(first.url))
    await until('it is there', async () => (await first.client.zcard('{xgw}:gateways')) === 1)
    presence.follow(configOf(second.url))
    await untilCounts(2)
    await until('it left', async () => (await first.client.zcard('{xgw}:gateways')) === 0)
    presence.follow(ALONE)
    assert.equal(gateways[0], 1)
    await until('it left', async () => (await second.client.zcard('{xgw}:gateways')) === 1)
  })
})
