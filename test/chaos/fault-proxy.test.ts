import assert from 'node:assert/strict'
import { suite, test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { startBackend } from '../helpers/backend.ts'
import { FaultProxy } from '../helpers/fault-proxy.ts'
import { keepAliveAgent, send } from '../helpers/load.ts'
import { rawClient } from '../helpers/raw-client.ts'
import { until } from '../helpers/until.ts'

const GET = 'GET / HTTP/1.1\r\nHost: proxy.test\r\n\r\n'
const SIZE = 200_000

/** A backend whose answer is large, behind a proxy. */
async function startProxy(t: TestContext): Promise<FaultProxy> {
  const backend = await startBackend(t, 'a', (request, response) => {
    request.resume()
    response.setHeader('content-length', SIZE)
    response.end('x'.repeat(SIZE))
  })
  return await FaultProxy.start(t, { target: backend.port })
}

suite('a fault proxy', { concurrency: true }, () => {
  test('lets everything pass, and resets who wants a backend that is not there', async (t) => {
    const backend = await startBackend(t, 'a')
    const proxy = await FaultProxy.start(t, { target: backend.port })
    const agent = keepAliveAgent(t)
    assert.equal((await send(agent, proxy.url)).body, 'a')
    assert.equal(proxy.connections, 1)
    await backend.kill()
    await until('the connection is gone', () => proxy.connections === 0)
    assert.equal((await send(agent, proxy.url)).error, 'ECONNRESET')
    await backend.revive()
    assert.equal((await send(agent, proxy.url)).body, 'a')
  })

  test('delays both directions', async (t) => {
    const backend = await startBackend(t, 'a')
    const proxy = await FaultProxy.start(t, { target: backend.port })
    await proxy.set({ kind: 'delay', by: 100 })
    const start = performance.now()
    assert.equal((await send(keepAliveAgent(t), proxy.url)).body, 'a')
    // Timers may be early by a fraction.
    assert.ok(performance.now() - start >= 195)
  })

  test('swallows everything, and resets who was fooled when it is over', async (t) => {
    const proxy = await startProxy(t)
    await proxy.set({ kind: 'blackhole' })
    const client = await rawClient(t, proxy.url)
    client.write(GET)
    await delay(100)
    assert.equal(client.text(), '')
    await proxy.heal()
    await client.closed
    assert.equal((await send(keepAliveAgent(t), proxy.url)).body.length, SIZE)
  })

  test('vanishes without a word, for those that were connected for ever', async (t) => {
    const proxy = await startProxy(t)
    const before = await rawClient(t, proxy.url)
    before.write(GET)
    await before.untilText('HTTP/1.1 200')
    await proxy.set({ kind: 'half-open' })
    const amid = await rawClient(t, proxy.url)
    await proxy.heal()
    const size = before.text().length
    for (const { write } of [before, amid]) write(GET)
    await delay(100)
    assert.equal(amid.text(), '')
    // What the kernel had still comes.
    assert.ok(before.text().length <= Math.max(size, SIZE + 1_000))
    assert.ok(!before.socket.destroyed && !amid.socket.destroyed)
    assert.equal((await send(keepAliveAgent(t), proxy.url)).body.length, SIZE)
  })

  for (const after of [0, 20, 100_000]) {
    test(`resets and truncates after ${after} bytes of a response`, async (t) => {
      const proxy = await startProxy(t)
      for (const kind of ['reset', 'truncate'] as const) {
        await proxy.set({ kind, after })
        const client = await rawClient(t, proxy.url)
        const errors: string[] = []
        client.socket.on('error', (error: NodeJS.ErrnoException) => void errors.push(error.code ?? ''))
        client.write(GET)
        await client.closed
        assert.equal(client.text().length, after)
        assert.deepEqual(errors, kind === 'reset' ? ['ECONNRESET'] : [])
      }
      await until('nothing is left', () => proxy.connections === 0)
    })
  }

  test('counts anew on a connection that is there', async (t) => {
    const backend = await startBackend(t, 'a')
    const proxy = await FaultProxy.start(t, { target: backend.port })
    const client = await rawClient(t, proxy.url)
    client.write(GET)
    await client.untilText('\r\n\r\na')
    const size = client.text().length
    await proxy.set({ kind: 'reset', after: 10 })
    client.write(GET)
    await client.closed
    assert.equal(client.text().length, size + 10)
  })

  test('trickles, and goes on at full speed when it is over', async (t) => {
    const proxy = await startProxy(t)
    await proxy.set({ kind: 'trickle', bytes: 5, every: 10 })
    const client = await rawClient(t, proxy.url)
    client.write(GET)
    await client.untilText('HTTP/1.1 200')
    await delay(50)
    const came = client.text().length
    assert.ok(came < 1_000, `${came} bytes came`)
    await proxy.heal()
    await until('all came', () => client.text().length > SIZE)
  })

  test('answers garbage, to new connections only', async (t) => {
    const proxy = await startProxy(t)
    const before = await rawClient(t, proxy.url)
    await until('it is there', () => proxy.connections === 1)
    await proxy.set({ kind: 'garbage', text: '\0\x01 no HTTP', ends: true })
    await before.closed
    const client = await rawClient(t, proxy.url)
    client.write(GET)
    await client.closed
    assert.equal(client.text(), '\0\x01 no HTTP')
    await proxy.heal()
    assert.equal((await send(keepAliveAgent(t), proxy.url)).body.length, SIZE)
  })

  test('refuses, and listens again at the same port', async (t) => {
    const proxy = await startProxy(t)
    assert.equal((await send(keepAliveAgent(t), proxy.url)).status, 200)
    await proxy.set({ kind: 'refuse' })
    await until('the connection is gone', () => proxy.connections === 0)
    // The first one's agent may not know yet that its connection is gone.
    const agent = keepAliveAgent(t)
    assert.equal((await send(agent, proxy.url)).error, 'ECONNREFUSED')
    await proxy.heal()
    assert.equal((await send(agent, proxy.url)).status, 200)
  })
})
