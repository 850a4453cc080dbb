import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, Socket } from 'node:net'
import { suite, test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { openRedis } from '../../src/store/redis-client.ts'
import { startRedis } from '../helpers/redis-server.ts'
import { startScriptedSentinel } from '../helpers/scripted-sentinel.ts'
import { until } from '../helpers/until.ts'

/** Opens a connection to the master `shop`. @param ports - Of its sentinels. */
function follow(t: TestContext, ...ports: readonly number[]): Redis {
  const url = ports.map((port) => `redis://127.0.0.1:${port}`)
  const { redis } = openRedis({ url, sentinel: { name: 'shop' } })
  t.after(() => redis.disconnect())
  return redis as Redis
}

function isAt(redis: Redis, port: number): boolean {
  return redis.status === 'ready' && redis.stream.remotePort === port
}

/** A port where connections are taken, and nothing is ever said. */
async function startSilence(t: TestContext): Promise<number> {
  const sockets: Socket[] = []
  const server = createServer((socket) => void sockets.push(socket.on('error', () => {}))).listen(
    0,
    '127.0.0.1'
  )
  await once(server, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

suite('what a sentinel says of another master', { concurrency: true }, () => {
  test('may come before any sentinel was asked with success', async (t) => {
    const redis = await startRedis(t)
    const master = { host: '127.0.0.1', port: redis.port }
    const sentinel = await startScriptedSentinel(t, master)
    const client = follow(t, await startSilence(t), sentinel.port)
    await until('it listens', () => sentinel.listeners() === 1)
    assert.equal(sentinel.answers(), 0)
    sentinel.say(master)
    await until('it is there', () => isAt(client, redis.port))
  })

  test('changes nothing for who is there, be it told by address or by name', async (t) => {
    const redis = await startRedis(t)
    for (const host of ['127.0.0.1', 'localhost']) {
      const sentinel = await startScriptedSentinel(t, { host, port: redis.port })
      const client = follow(t, sentinel.port)
      await until('it is there', () => sentinel.listeners() === 1 && client.status === 'ready')
      let isGone = false
      client.once('close', () => (isGone = true))
      sentinel.say(sentinel.master)
      await delay(150)
      assert.equal(isGone, false, host)
    }
  })

  test('moves who asked a sentinel that does not know yet, as often as it takes', async (t) => {
    const [old, next] = [await startRedis(t), await startRedis(t)]
    const [from, to] = [old, next].map(({ port }) => ({ host: 'localhost', port }))
    const sentinel = await startScriptedSentinel(t, from!)
    const client = follow(t, sentinel.port)
    await until('it is at the old one', () => sentinel.listeners() === 1 && client.status === 'ready')
    sentinel.say(to!)
    await until('it is there again', () => sentinel.answers() === 2 && client.status === 'ready')
    sentinel.master = to!
    sentinel.say(to!)
    await until('it has moved', () => isAt(client, next.port))
  })

  test('moves who is still connecting to the old one', async (t) => {
    const [old, next] = [await startRedis(t), await startRedis(t)]
    const [from, to] = [old, next].map(({ port }) => ({ host: '127.0.0.1', port }))
    old.pause()
    const sentinel = await startScriptedSentinel(t, from!)
    const client = follow(t, sentinel.port)
    await until('it waits', () => sentinel.listeners() === 1 && client.status === 'connect')
    sentinel.master = to!
    sentinel.say(to!)
    await delay(50)
    old.resume()
    await until('it has moved', () => isAt(client, next.port))
  })

  test('is not waited for over a connection whose other end is gone', async (t) => {
    const { mock } = t.mock.method(Socket.prototype, 'setKeepAlive')
    const sentinel = await startScriptedSentinel(t, { host: '127.0.0.1', port: 1 })
    follow(t, sentinel.port)
    await until('it listens', () => sentinel.listeners() === 1)
    assert.ok(mock.calls.some(({ arguments: [isOn, after] }) => isOn === true && after === 10_000))
  })
})
