import assert from 'node:assert/strict'
import { PassThrough, Readable } from 'node:stream'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { until } from '../../helpers/until.ts'
import { send, settle } from '../http1/recording-sink.ts'
import {
  answeringFrames,
  CODE,
  data,
  FLAG,
  FRAME,
  goaway,
  headers,
  SETTING,
  startFrameBackend,
  windowUpdate
} from './frame-backend.ts'
import { connectTo, startHttp2Backend } from './http2-backend.ts'

function ok(stream: number): Buffer[] {
  return [headers(stream, 0, ':status', '200'), data(stream, 'ok', FLAG.endStream)]
}

test('a request arrives as it was sent, its body and its trailers too', async (t) => {
  let raw: readonly string[] = []
  let trailers: unknown
  const backend = await startHttp2Backend(t, (stream, _headers, fields) => {
    raw = fields
    stream.on('trailers', (_trailers, _flags, rawTrailers) => (trailers = rawTrailers))
    stream.respond({ ':status': 200 })
    stream.pipe(stream)
  })
  const sink = await settle(connectTo(t, backend.url), {
    method: 'POST',
    target: '/\xe9?q="<>',
    headers: ['Host', 'shop.test', 'X-A', '\xe9', 'x-a', '2', 'Authorization', 'a', 'authorization', 'b'],
    body: Readable.from([Buffer.from('up'), Buffer.from('load')]),
    trailers: () => ['X-Sum', '1', 'x-sum', '2']
  })
  assert.deepEqual(raw, [
    ':method',
    'POST',
    ':scheme',
    'http',
    ':authority',
    'shop.test',
    ':path',
    '/é?q="<>',
    'x-a',
    'é',
    'x-a',
    '2',
    'authorization',
    'a',
    'authorization',
    'b'
  ])
  assert.deepEqual(trailers, ['x-sum', '1', 'x-sum', '2'])
  assert.equal(sink.body, 'upload')
})

test('a response arrives as it was sent: repeated fields, bytes beyond ASCII, interim ones, trailers', async (t) => {
  const backend = await answeringFrames(t, (stream) => [
    headers(stream, 0, ':status', '100'),
    headers(stream, 0, ':status', '103', 'link', '</a>', 'link', '</b>'),
    headers(stream, 0, ':status', '299', 'set-cookie', 'a=1', 'x', '\xe9', 'set-cookie', 'b=2', 'x', '2'),
    data(stream, 'one '),
    data(stream, 'two'),
    headers(stream, FLAG.endStream, 'grpc-status', '0', 'x-t', '1', 'x-t', '2')
  ])
  const sink = await settle(connectTo(t, backend.url))
  assert.deepEqual(sink.information, [
    { status: 100, statusText: '', headers: [] },
    { status: 103, statusText: '', headers: ['link', '</a>', 'link', '</b>'] }
  ])
  assert.deepEqual(sink.head, {
    status: 299,
    statusText: '',
    headers: ['set-cookie', 'a=1', 'x', '\xe9', 'set-cookie', 'b=2', 'x', '2']
  })
  assert.equal(sink.body, 'one two')
  assert.deepEqual(sink.trailers, ['grpc-status', '0', 'x-t', '1', 'x-t', '2'])
  assert.deepEqual(sink.calls, ['sending', 'information', 'information', 'head', 'body', 'end'])
})

test('a field whose value can not be is left out', async (t) => {
  const backend = await answeringFrames(t, (stream) => [
    headers(stream, FLAG.endStream, ':status', '200', 'a', 'b\r\nc: d', 'e', 'f')
  ])
  assert.deepEqual((await settle(connectTo(t, backend.url))).head?.headers, ['e', 'f'])
})

test('a response may end with its head, as that of a gRPC call that failed', async (t) => {
  const backend = await answeringFrames(t, (stream) => [
    headers(stream, FLAG.endStream, ':status', '200', 'grpc-status', '5')
  ])
  const sink = await settle(connectTo(t, backend.url))
  assert.deepEqual(sink.head?.headers, ['grpc-status', '5'])
  assert.deepEqual(sink.calls, ['sending', 'head', 'end'])
})

for (const [method, status] of [
  ['HEAD', '200'],
  ['GET', '204'],
  ['GET', '304']
] as const) {
  test(`${method} with status ${status} has no body, whatever its length says`, async (t) => {
    const backend = await answeringFrames(t, (stream) => [
      headers(stream, FLAG.endStream, ':status', status, ...(status === '204' ? [] : ['content-length', '9']))
    ])
    const sink = await settle(connectTo(t, backend.url), { method })
    assert.deepEqual([sink.head?.status, sink.body, sink.failure], [Number(status), '', undefined])
  })
}

test('a body whose length is known goes out with it, and without trailers', async (t) => {
  const backend = await answeringFrames(t, () => [])
  const sink = send(connectTo(t, backend.url), {
    method: 'PUT',
    headers: ['Content-Length', '3'],
    body: Readable.from([Buffer.from('abc')]),
    trailers: () => ['x', 'y']
  })
  const raw = await backend.connection(0)
  await until('the request is whole', () => raw.frames.some(isEnd))
  assert.deepEqual(
    raw.frames.filter(({ stream }) => stream === 1).map(({ type }) => type),
    [FRAME.headers, FRAME.data, FRAME.data]
  )
  raw.send(...ok(1))
  assert.equal((await sink.settled()).body, 'ok')
})

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

test('a response comes no faster than its reader takes it, and holds no other one up', async (t) => {
  let written = 0
  const backend = await startHttp2Backend(t, (stream, { ':path': path }) => {
    stream.respond({ ':status': 200 })
    if (path !== '/endless') {
      stream.end('quick')
      return
    }
    const more = (): void => {
      do written += 65_536
      while (stream.write(Buffer.alloc(65_536)))
      stream.once('drain', more)
    }
    more()
  })
  const connection = connectTo(t, backend.url)
  const sinks = Array.from({ length: 6 }, () => send(connection, { target: '/endless' }))
  for (const sink of sinks) sink.wantsMore = false
  let before = -1
  while (written !== before) {
    before = written
    await delay(200)
  }
  assert.ok(written <= 6 * 1024 * 1024, `${written} bytes were written`)
  assert.equal((await settle(connection, { target: '/quick' })).body, 'quick')
  assert.equal(backend.opened.sessions, 1)
  for (const sink of sinks) {
    const read = Buffer.concat(sink.chunks).length
    sink.exchange!.resume()
    await until('more comes', () => Buffer.concat(sink.chunks).length > read)
    sink.exchange!.abort()
  }
  await until('no stream is left', () => backend.streams.size === 0)
})

test('a whole response survives its connection, however slow its reader is', async (t) => {
  const backend = await answeringFrames(t, (stream) => [
    headers(stream, 0, ':status', '200'),
    data(stream, 'a'.repeat(16_000)),
    data(stream, 'b'.repeat(16_000)),
    headers(stream, FLAG.endStream, 'x-sum', '1'),
    goaway(stream, CODE.none)
  ])
  const sink = send(connectTo(t, backend.url))
  sink.wantsMore = false
  await until('the body has begun', () => sink.chunks.length > 0)
  backend.connections[0]!.socket.end()
  await backend.connections[0]!.untilClosed()
  await delay(50)
  assert.equal(sink.over, false)
  while (!sink.over) sink.exchange!.resume()
  assert.deepEqual([sink.body.length, sink.trailers], [32_000, ['x-sum', '1']])
})
