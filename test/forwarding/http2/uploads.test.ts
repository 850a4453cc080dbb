import assert from 'node:assert/strict'
import { PassThrough, Readable } from 'node:stream'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { until } from '../../helpers/until.ts'
import { RecordingSink, send, settle } from '../http1/recording-sink.ts'
import {
  answeringFrames,
  CODE,
  data,
  FLAG,
  FRAME,
  headers,
  SETTING,
  startFrameBackend,
  windowUpdate
} from './frame-backend.ts'
import { connectTo } from './http2-backend.ts'

function ok(stream: number): Buffer[] {
  return [headers(stream, 0, ':status', '200'), data(stream, 'ok', FLAG.endStream)]
}

for (const [what, trailers, last] of [
  ['with its trailers', ['x', 'y'], FRAME.headers],
  ['without any', [], FRAME.data]
] as const) {
  test(`a body whose length is known goes out with it, ${what}`, async (t) => {
    const backend = await answeringFrames(t, () => [])
    const sink = send(connectTo(t, backend.url), {
      method: 'PUT',
      headers: ['Content-Length', '3'],
      body: Readable.from([Buffer.from('abc')]),
      trailers: () => trailers
    })
    const raw = await backend.connection(0)
    await until('the request is whole', () => raw.frames.some(isEnd))
    assert.deepEqual(
      raw.frames.filter(({ stream }) => stream === 1).map(({ type }) => type),
      [FRAME.headers, FRAME.data, last]
    )
    raw.send(...ok(1))
    assert.equal((await sink.settled()).body, 'ok')
  })
}

function isEnd({ flags, stream }: { flags: number; stream: number }): boolean {
  return stream > 0 && (flags & FLAG.endStream) !== 0
}

for (const [how, body] of Object.entries({
  'ends too early': () => Readable.from([Buffer.from('ab')]),
  'is too long': () => Readable.from([Buffer.from('abcd')]),
  breaks: () => {
    const broken = new PassThrough()
    broken.on('error', () => {})
    broken.write('ab')
    setTimeout(() => broken.destroy(new Error('gone')), 20)
    return broken
  },
  'has broken before': () => {
    const broken = new PassThrough()
    broken.destroy()
    return broken
  }
})) {
  test(`a body that ${how} is cut off, and never looks whole`, async (t) => {
    const backend = await answeringFrames(t, () => [])
    const request = { method: 'PUT', headers: ['Content-Length', '3'], body: body() }
    const sink = await settle(connectTo(t, backend.url), request)
    assert.deepEqual(sink.failure, { reason: 'request_aborted', sent: true, reused: false })
    const raw = await backend.connection(0)
    assert.equal((await raw.frame(FRAME.reset)).payload.readUInt32BE(), CODE.cancel)
    assert.ok(!raw.frames.some(isEnd))
  })
}

test('an aborted upload never looks whole, whenever it is aborted', async (t) => {
  const backend = await answeringFrames(t, (stream) => [
    headers(stream, 0, ':status', '200'),
    data(stream, 'x')
  ])
  const connection = connectTo(t, backend.url)
  for (const [index, when] of (['sending', 'head', 'body'] as const).entries()) {
    const body = new PassThrough()
    body.write('some')
    const sink = send(connection, { method: 'POST', headers: ['Host', 'a'], body })
    await until(`${when} was called`, () => sink.calls.includes(when))
    sink.exchange!.abort()
    sink.exchange!.abort()
    const raw = await backend.connection(0)
    await raw.frame(FRAME.reset, 2 * index + 1)
    assert.ok(!raw.frames.some(isEnd))
    assert.deepEqual([body.destroyed, body.listenerCount('data'), sink.over], [false, 0, false])
  }
})

test('an upload that is aborted while its response ends does not look whole either', async (t) => {
  const backend = await answeringFrames(t, (stream) => [headers(stream, FLAG.endStream, ':status', '503')])
  const connection = connectTo(t, backend.url)
  const body = new PassThrough()
  body.write('some')
  const sink = new RecordingSink()
  const exchange = connection.send({ method: 'POST', target: '/', headers: [], body }, sink)
  sink.onHead = () => exchange.abort()
  const raw = await backend.connection(0)
  await raw.frame(FRAME.reset)
  assert.ok(!raw.frames.some(isEnd))
  assert.deepEqual(sink.calls, ['sending'])
})

test('a request that is aborted while it waits for its connection is never sent', async (t) => {
  const backend = await answeringFrames(t, ok)
  const connection = connectTo(t, backend.url)
  const sink = send(connection)
  sink.exchange!.abort()
  assert.equal((await settle(connection)).body, 'ok')
  assert.deepEqual(sink.calls, [])
  const sent = backend.connections[0]!.frames.filter(({ type }) => type === FRAME.headers)
  assert.deepEqual([backend.connections.length, sent.length], [1, 1])
})

test('an early response comes through while the upload goes on', async (t) => {
  const backend = await answeringFrames(t, (stream) => [
    headers(stream, 0, ':status', '200'),
    data(stream, 'early ')
  ])
  const body = new PassThrough()
  const sink = send(connectTo(t, backend.url), { method: 'POST', headers: ['Host', 'a'], body })
  await until('the response has begun', () => sink.body === 'early ')
  body.end('late')
  const raw = await backend.connection(0)
  await until('the request is whole', () => raw.frames.some(isEnd))
  raw.send(data(1, 'ok', FLAG.endStream))
  assert.equal((await sink.settled()).body, 'early ok')
})

test('an upload waits while the backend takes nothing', async (t) => {
  const backend = await startFrameBackend(t, { settings: { [SETTING.window]: 0 } })
  let read = 0
  const body = new Readable({
    highWaterMark: 16_384,
    read() {
      read += 16_384
      this.push(read > 10_000_000 ? null : Buffer.alloc(16_384))
    }
  })
  const sink = send(connectTo(t, backend.url), { method: 'POST', headers: ['Host', 'a'], body })
  const raw = await backend.connection(0)
  await raw.frame(FRAME.headers)
  let before = -1
  while (read !== before) {
    before = read
    await delay(200)
  }
  assert.ok(read <= 256 * 1024, `${read} bytes were read`)
  raw.send(windowUpdate(1, 100))
  const first = await raw.frame(FRAME.data)
  assert.equal(first.payload.length, 100)
  raw.send(windowUpdate(1, 2 ** 30), windowUpdate(0, 2 ** 30))
  await until('the request is whole', () => raw.frames.some(isEnd))
  raw.send(...ok(1))
  assert.equal((await sink.settled()).body, 'ok')
})
