import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { startRawBackend } from '../forwarding/http1/raw-backend.ts'
import { startHoldingBackend } from '../helpers/holding-backend.ts'
import { backendOf, untilIdle } from '../helpers/gateway.ts'
import { answer, assertLine, get, message, post } from '../helpers/lab.ts'
import { rawClient } from '../helpers/raw-client.ts'
import { until } from '../helpers/until.ts'
import { chunk, LAST_CHUNK, LIMIT, startLimited, startMeasuringBackend } from './body-limit-lab.ts'

const CHUNKED = 'Transfer-Encoding: chunked'

/** The head of an upload whose length nobody knows. */
function upload(method = 'POST', path = '/'): string {
  return message(method, path, [CHUNKED], '')
}

function oneGroup(backends: unknown[], group: object = {}, route: object = {}): Record<string, unknown> {
  return {
    upstreams: { lab: { backends, ...group } },
    routes: [{ path: '/', upstream: 'lab', ...route }]
  }
}

describe('a streamed body that grows too large', { concurrency: 4 }, () => {
  test('breaks off at the backend, which never sees it whole', async (t) => {
    const backend = await startRawBackend(t)
    const gateway = await startLimited(t, { bodyLimit: `${LIMIT}B` }, oneGroup([backend.url]))
    const client = await rawClient(t, gateway.url)
    client.write(upload() + chunk(LIMIT))
    const upstream = await backend.connection(0)
    await upstream.untilReceived(chunk(LIMIT))
    client.write(`1\r\nz\r\n${LAST_CHUNK}`)
    await client.untilText('HTTP/1.1 413 ')
    await upstream.untilClosed()
    assert.ok(upstream.received().endsWith(chunk(LIMIT)), 'nothing beyond the limit was passed on')
    assertLine(await gateway.nextLine(), { status: 413, reason: 'body_too_large', attempts: 1 })
    await client.closed
    await untilIdle(gateway.gateway)
  })

  test('is no failure of the backend: it is neither ejected nor counted by a circuit breaker', async (t) => {
    const backend = await startMeasuringBackend(t)
    const strict = {
      outlierDetection: { consecutiveFailures: 1, maxEjectedPercent: 100 },
      circuitBreaker: { failurePercent: 1, minRequests: 1, window: '10s', openFor: '60s' }
    }
    const gateway = await startLimited(t, { bodyLimit: `${LIMIT}B` }, oneGroup([backend.url], strict))
    for (let turn = 0; turn < 5; turn++) {
      const client = await rawClient(t, gateway.url)
      client.write(upload() + chunk(LIMIT))
      await until('the backend has it', () => backend.requests() > turn)
      client.write(chunk(1))
      await client.untilText('HTTP/1.1 413 ')
    }
    await until('the backend saw all of them break', () => backend.broken() === 5)
    // The breaker looks ten times a second, outlier detection when it is told.
    await delay(300)
    const { health } = backendOf(await gateway.group('lab'), backend.url)
    assert.equal(health, 'healthy')
    const client = await rawClient(t, gateway.url)
    client.write(post('/', 'x'))
    await client.untilText('got 1')
    assert.deepEqual(backend.whole, [1])
  })

  test('is not sent again, be it a retry or not that it grows in', async (t) => {
    const [first, second, third] = await Promise.all([1, 2, 3].map(() => startRawBackend(t)))
    const backends = [first!, second!, third!]
    const retry = { attempts: 3, on: ['reset'], bodyBuffer: '1MiB', budgetPercent: 100 }
    const urls = backends.map(({ url }) => url)
    const gateway = await startLimited(t, { bodyLimit: `${LIMIT}B` }, oneGroup(urls, { retry }))
    const client = await rawClient(t, gateway.url)
    client.write(upload('PUT') + chunk(400))
    const upstreamOf = async (count: number): Promise<number> => {
      await until(
        `${count} were tried`,
        () => backends.filter((each) => each.connections[0]).length === count
      )
      return backends.findIndex(({ connections }) => connections[0]?.socket.destroyed === false)
    }
    const broken = backends[await upstreamOf(1)]!.connections[0]!
    await broken.untilReceived(chunk(400))
    broken.socket.resetAndDestroy()
    const retried = backends[await upstreamOf(2)]!.connections[0]!
    await retried.untilReceived(chunk(400))
    client.write(chunk(601))
    await client.untilText('HTTP/1.1 413 ')
    await retried.untilClosed()
    assert.ok(retried.received().endsWith(chunk(400)))
    assertLine(await gateway.nextLine(), { reason: 'body_too_large', attempts: 2 })
    assert.equal(backends.filter(({ connections }) => connections.length > 0).length, 2)
  })

  test('may be kept for a retry up to the limit', async (t) => {
    const fragile = await startRawBackend(t, ({ socket }) => setTimeout(() => socket.resetAndDestroy(), 50))
    const sound = await startMeasuringBackend(t)
    const retry = { attempts: 2, on: ['reset'], bodyBuffer: '1MiB' }
    const backends = [fragile.url, { url: sound.url, tier: 1 }]
    const gateway = await startLimited(t, { bodyLimit: `${LIMIT}B` }, oneGroup(backends, { retry }))
    const client = await rawClient(t, gateway.url)
    client.write(upload('PUT') + chunk(LIMIT) + LAST_CHUNK)
    await client.untilText(`got ${LIMIT}`)
  })

  test('breaks off a response that has begun', async (t) => {
    const backend = await startRawBackend(t, ({ send }) => {
      send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nearly\r\n')
    })
    const gateway = await startLimited(t, { bodyLimit: `${LIMIT}B` }, oneGroup([backend.url]))
    const client = await rawClient(t, gateway.url)
    client.write(upload() + chunk(LIMIT))
    await client.untilText('early')
    client.write(chunk(1))
    await client.closed
    assert.doesNotMatch(client.text(), /\r\n0\r\n|413/)
    const upstream = await backend.connection(0)
    await upstream.untilClosed()
    assertLine(await gateway.nextLine(), { status: 200, reason: 'body_too_large' })
    await untilIdle(gateway.gateway)
  })

  test('is 413 while a buffered response is still collected', async (t) => {
    const backend = await startRawBackend(t, ({ send }) => {
      send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nearly\r\n')
    })
    const config = oneGroup([backend.url], {}, { mode: 'buffered' })
    const gateway = await startLimited(t, { bodyLimit: `${LIMIT}B` }, config)
    const client = await rawClient(t, gateway.url)
    client.write(upload() + chunk(LIMIT))
    await (await backend.connection(0)).untilReceived(chunk(LIMIT))
    client.write(chunk(1))
    await client.untilText('HTTP/1.1 413 ')
    assertLine(await gateway.nextLine(), { status: 413, reason: 'body_too_large' })
    await (await backend.connection(0)).untilClosed()
  })

  test('is refused when it says its size while others wait in line, and counted when its turn comes', async (t) => {
    const backend = await startHoldingBackend(t, 'slow')
    const queue = { max: 10, timeout: '30s' }
    const config = oneGroup([{ url: backend.url, maxInFlight: 1 }], { queue })
    const gateway = await startLimited(t, { bodyLimit: `${LIMIT}B` }, config)
    const first = await rawClient(t, gateway.url)
    first.write(get('/first'))
    await until('the backend is full', () => backend.held() === 1)

    const waiting = await rawClient(t, gateway.url)
    waiting.write(upload() + chunk(LIMIT) + chunk(1) + LAST_CHUNK)
    const told = await rawClient(t, gateway.url)
    told.write(post('/', 'x'.repeat(LIMIT + 1)))
    await told.untilText('HTTP/1.1 413 ')
    assert.equal(waiting.text(), '')

    backend.release()
    await first.untilText('slow')
    await waiting.untilText('HTTP/1.1 413 ')
    await untilIdle(gateway.gateway)
  })

  test('is answered although its client never ends it, and its connection ends', async (t) => {
    const backend = await startMeasuringBackend(t)
    const gateway = await startLimited(t, { bodyLimit: `${LIMIT}B` }, oneGroup([backend.url]))
    const client = await rawClient(t, gateway.url)
    client.write(upload())
    const endless = setInterval(() => client.write(chunk(500)), 20)
    t.after(() => clearInterval(endless))
    await client.untilText('HTTP/1.1 413 ')
    await client.closed
    assert.deepEqual(backend.whole, [])
  })

  test('does not break what a backend has answered whole before', async (t) => {
    const backend = await startRawBackend(t, ({ send }) => send(answer(200, 'enough')))
    const gateway = await startLimited(t, { bodyLimit: `${LIMIT}B` }, oneGroup([backend.url]))
    const client = await rawClient(t, gateway.url)
    client.write(upload() + chunk(10))
    await client.untilText('enough')
    client.write(chunk(LIMIT) + LAST_CHUNK + get('/next'))
    await until('the next one is answered', () => client.text().split('enough').length === 3)
  })
})
