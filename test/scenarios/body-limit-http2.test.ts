import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { describe, test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { status } from '@grpc/grpc-js'
import { startRawBackend } from '../forwarding/http1/raw-backend.ts'
import { untilIdle } from '../helpers/gateway.ts'
import { callCollect, callUnary } from '../helpers/grpc-calls.ts'
import { grpcClient, startGrpcBackend } from '../helpers/grpc-echo.ts'
import { exchangeHttp2, readHttp2 } from '../helpers/http2-client.ts'
import { type Http2Lab, localCertificate, startHttp2Lab } from '../helpers/http2-lab.ts'
import { assertLine } from '../helpers/lab.ts'
import { fields, FLAG, frame, rawHttp2, TYPE } from '../helpers/raw-http2.ts'
import { until } from '../helpers/until.ts'
import { LIMIT, startMeasuringBackend } from './body-limit-lab.ts'

const POST = { ':method': 'POST', ':path': '/' }

/** A gateway of HTTP/2 with these `server.limits` in front of one group. */
async function startLimitedLab(
  t: TestContext,
  backend: string,
  limits: object = { bodyLimit: `${LIMIT}B` },
  group: object = {}
): Promise<Http2Lab> {
  const { certificate } = await localCertificate()
  return await startHttp2Lab(t, {
    server: { tls: { certificates: [certificate] }, limits },
    upstreams: { lab: { backends: [backend], ...group } },
    routes: [{ path: '/', upstream: 'lab' }]
  })
}

describe('the limit of bodies over HTTP/2', { concurrency: 4 }, () => {
  for (const [name, length] of [
    ['with its length', (size: number) => ({ 'content-length': size })],
    ['without its length', () => ({})]
  ] as const) {
    test(`a body ${name} passes at the limit, and is 413 a byte above it, while its session goes on`, async (t) => {
      const backend = await startMeasuringBackend(t)
      const lab = await startLimitedLab(t, backend.url)
      const send = async (size: number): Promise<readonly [number, string]> => {
        const headers = { ...POST, ...length(size) }
        const { status: code, body } = await exchangeHttp2(lab.session, headers, { body: 'x'.repeat(size) })
        return [code, String(body)]
      }
      assert.deepEqual(await send(LIMIT), [200, `got ${LIMIT}`])
      const [code, body] = await send(LIMIT + 1)
      assert.equal(code, 413)
      assert.match(body, /"detail":"The body of the request is too large\."/)
      assert.deepEqual(await send(LIMIT), [200, `got ${LIMIT}`])
      assert.deepEqual(backend.whole, [LIMIT, LIMIT])
      await lab.nextLine()
      assertLine(await lab.nextLine(), { status: 413, reason: 'body_too_large' })
      await lab.untilIdle()
    })
  }

  test('a stream whose header says too much ends before any of its body, which the client need not send', async (t) => {
    const backend = await startRawBackend(t)
    const lab = await startLimitedLab(t, backend.url)
    for (const more of [{}, { expect: '100-continue' }]) {
      const stream = lab.session.request({ ...POST, 'content-length': LIMIT + 1, ...more })
      const { status: code, informed, rstCode } = await readHttp2(stream)
      assert.deepEqual([code, informed, rstCode], [413, [], 0])
      assertLine(await lab.nextLine(), { attempts: 0, reason: 'body_too_large' })
    }
    assert.equal(backend.connections.length, 0)
  })

  test('a body longer than it says never comes to the backend as if it were whole', async (t) => {
    const backend = await startMeasuringBackend(t)
    const lab = await startLimitedLab(t, backend.url)
    const client = await rawHttp2(t, Number(new URL(lab.url).port))
    const header = fields(
      [':method', 'POST'],
      [':scheme', 'https'],
      [':authority', 'localhost'],
      [':path', '/'],
      ['content-length', '5']
    )
    const body = Buffer.alloc(LIMIT + 1, 'x')
    client.write(
      frame(TYPE.headers, FLAG.endHeaders, 1, header),
      frame(TYPE.data, FLAG.none, 1, body.subarray(0, 5)),
      frame(TYPE.data, FLAG.endStream, 1, body)
    )
    await until('the stream or its connection ended', () => {
      return client.isClosed() || client.frames.some(({ type }) => type === TYPE.resetStream)
    })
    await lab.untilIdle()
    assert.deepEqual(backend.whole, [])
  })

  test('a response that has begun is broken off by what comes too much', async (t) => {
    const backend = await startRawBackend(t, ({ send }) => {
      send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nearly\r\n')
    })
    const lab = await startLimitedLab(t, backend.url)
    const stream = lab.session.request(POST)
    const over = readHttp2(stream)
    stream.write('x'.repeat(LIMIT))
    await once(stream, 'response')
    stream.write('x')
    const { status: code, rstCode } = await over
    assert.equal(code, 200)
    assert.notEqual(rstCode, 0)
    await (await backend.connection(0)).untilClosed()
    assertLine(await lab.nextLine(), { reason: 'body_too_large' })
  })

  test('a backend that speaks HTTP/2 sees its stream reset, not ended', async (t) => {
    const seen: ServerHttp2Stream[] = []
    const server = createServer().on('stream', (stream) => {
      stream.on('error', () => {}).resume()
      seen.push(stream)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => server.close())
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const lab = await startLimitedLab(t, url, undefined, { protocol: 'h2' })
    const stream = lab.session.request(POST)
    const over = readHttp2(stream)
    stream.write('x'.repeat(LIMIT))
    await until('the backend has the request', () => seen.length === 1)
    let hasEnded = false
    seen[0]!.on('end', () => (hasEnded = !seen[0]!.aborted))
    stream.write('x')
    assert.equal((await over).status, 413)
    await until('the stream is gone', () => seen[0]!.closed)
    assert.equal(hasEnded, false)
    assert.equal(seen[0]!.aborted, true)
    await untilIdle(lab.gateway)
  })

  test('a gRPC call that sends too much has its resources exhausted', async (t) => {
    const backend = await startGrpcBackend(t)
    const lab = await startLimitedLab(t, backend.url, undefined, { protocol: 'h2' })
    const client = grpcClient(t, lab.url, lab.ca)
    assert.equal((await callUnary(client, Buffer.alloc(LIMIT))).code, status.RESOURCE_EXHAUSTED)
    const parts = Array.from({ length: 20 }, () => Buffer.alloc(100))
    // A server that has said nothing yet: a response that has begun is broken off, as any other.
    const collected = await callCollect(client, parts, { fields: { 'x-hang': 'yes' } })
    assert.deepEqual(
      [collected.code, collected.details],
      [status.RESOURCE_EXHAUSTED, 'The body of the request is too large.']
    )
    assert.equal((await callUnary(client, Buffer.alloc(100))).code, status.OK)
  })
})

describe('how long a body may take over HTTP/2', { concurrency: 4 }, () => {
  const limits = { requestTimeout: '1s' }

  test('one that is not whole in time is 408, and no failure of the backend', async (t) => {
    const backend = await startMeasuringBackend(t)
    const lab = await startLimitedLab(t, backend.url, limits)
    const stream = lab.session.request(POST)
    const moving = setInterval(() => stream.write('x'), 50)
    const { status: code } = await readHttp2(stream)
    clearInterval(moving)
    assert.equal(code, 408)
    assertLine(await lab.nextLine(), { status: 408, reason: 'client_too_slow' })
    assert.equal((await lab.group('lab')).backends[0]!.failures, 0)
    await until('the backend saw it break', () => backend.broken() === 1)
    assert.deepEqual(backend.whole, [])
    assert.equal((await exchangeHttp2(lab.session, POST, { body: 'x' })).status, 200)
  })

  test('one whose response has begun is reset', async (t) => {
    const backend = await startRawBackend(t, ({ send }) => {
      send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nearly\r\n')
    })
    const lab = await startLimitedLab(t, backend.url, limits)
    const stream = lab.session.request(POST)
    stream.write('x')
    const { status: code, rstCode } = await readHttp2(stream)
    assert.equal(code, 200)
    assert.notEqual(rstCode, 0)
    assertLine(await lab.nextLine(), { reason: 'client_too_slow' })
  })

  test('one that came whole may wait for its answer for longer', async (t) => {
    const backend = await startRawBackend(t, ({ send }) => {
      setTimeout(() => send('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate'), 1500)
    })
    const lab = await startLimitedLab(t, backend.url, limits)
    const { status: code, body } = await exchangeHttp2(lab.session, POST, { body: 'x' })
    assert.deepEqual([code, String(body)], [200, 'late'])
  })

  for (const [name, settings, group] of [
    ['none when it is 0', { requestTimeout: '0s' }, {}],
    ['none for backends that speak HTTP/2, whose streams may go on for hours', limits, { protocol: 'h2' }]
  ] as const) {
    test(name, async (t) => {
      const grpc = await startGrpcBackend(t)
      const plain = await startMeasuringBackend(t)
      const isGrpc = 'protocol' in group
      const lab = await startLimitedLab(t, isGrpc ? grpc.url : plain.url, settings, group)
      const stream = lab.session.request({
        ...POST,
        ...(isGrpc && { ':path': '/lab.Echo/Chat', 'content-type': 'application/grpc', te: 'trailers' })
      })
      const over = readHttp2(stream)
      await delay(1500)
      assert.equal(stream.closed, false)
      stream.end()
      assert.equal((await over).status, 200)
    })
  }
})
