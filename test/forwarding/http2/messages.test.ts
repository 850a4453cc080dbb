import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { until } from '../../helpers/until.ts'
import { send, settle } from '../http1/recording-sink.ts'
import { answeringFrames, CODE, data, FLAG, goaway, headers } from './frame-backend.ts'
import { connectTo, startHttp2Backend } from './http2-backend.ts'

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
    { status: 100, statusText: 'Continue', headers: [] },
    { status: 103, statusText: 'Early Hints', headers: ['link', '</a>', 'link', '</b>'] }
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

test('the reason phrase is the usual one of the status, where there is one', async (t) => {
  const backend = await answeringFrames(t, (stream) => [headers(stream, FLAG.endStream, ':status', '404')])
  assert.equal((await settle(connectTo(t, backend.url))).head?.statusText, 'Not Found')
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
