import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { startBlackHole } from '../../helpers/black-hole.ts'
import { closedPort } from '../../helpers/misbehaving-backend.ts'
import { until } from '../../helpers/until.ts'
import { answering } from '../http1/raw-backend.ts'
import { send, settle } from '../http1/recording-sink.ts'
import {
  answeringFrames,
  CODE,
  data,
  FLAG,
  FRAME,
  goaway,
  headers,
  reset,
  SETTING,
  startFrameBackend
} from './frame-backend.ts'
import { connectTo } from './http2-backend.ts'

const REFUSED = { reason: 'reset', sent: false, reused: false }
const STALE_UNSEEN = { reason: 'reset', sent: false, reused: true }
const RESET = { reason: 'reset', sent: true, reused: false }
const PROTOCOL_ERROR = { reason: 'protocol_error', sent: true, reused: false }

function ok(stream: number): Buffer[] {
  return [headers(stream, 0, ':status', '200'), data(stream, 'ok', FLAG.endStream)]
}

test('a stream that is refused was not sent, with a body or without', async (t) => {
  const backend = await answeringFrames(t, (stream) => [reset(stream, CODE.refused)])
  const connection = connectTo(t, backend.url)
  assert.deepEqual((await settle(connection)).failure, REFUSED)
  const body = new PassThrough()
  const sink = await settle(connection, { method: 'POST', headers: ['Host', 'a'], body })
  assert.deepEqual(sink.failure, REFUSED)
  assert.ok(!body.destroyed && body.listenerCount('data') === 0)
  assert.equal(backend.connections.length, 1)
})

test('a stream that is refused behind a response of its own was sent', async (t) => {
  const backend = await answeringFrames(t, (stream) => [
    headers(stream, 0, ':status', '103'),
    reset(stream, CODE.refused)
  ])
  assert.deepEqual((await settle(connectTo(t, backend.url))).failure, RESET)
})

for (const code of [CODE.none, CODE.internal, CODE.cancel, CODE.calm]) {
  test(`a reset with code ${code} before the head is a reset`, async (t) => {
    const backend = await answeringFrames(t, (stream) => [reset(stream, code)])
    assert.deepEqual((await settle(connectTo(t, backend.url))).failure, RESET)
  })

  test(`a reset with code ${code} behind some of the body breaks the response`, async (t) => {
    const backend = await answeringFrames(t, (stream) => [
      headers(stream, 0, ':status', '200'),
      data(stream, 'half'),
      reset(stream, code)
    ])
    const sink = await settle(connectTo(t, backend.url))
    assert.deepEqual(sink.failure, RESET)
    assert.equal(sink.head?.status, 200)
  })
}

test('a reset with NO_ERROR behind a whole response while the upload goes on leaves it whole', async (t) => {
  const backend = await answeringFrames(t, (stream) => [...ok(stream), reset(stream, CODE.none)])
  const body = new PassThrough()
  body.write('some')
  const sink = await settle(connectTo(t, backend.url), { method: 'POST', headers: ['Host', 'a'], body })
  assert.deepEqual([sink.failure, sink.body, body.destroyed], [undefined, 'ok', false])
})

test('an upload whose response is whole is given up', async (t) => {
  const backend = await answeringFrames(t, ok)
  const body = new PassThrough()
  const sink = await settle(connectTo(t, backend.url), { method: 'POST', headers: ['Host', 'a'], body })
  assert.equal(sink.failure, undefined)
  const given = await (await backend.connection(0)).frame(FRAME.reset)
  assert.equal(given.payload.readUInt32BE(), CODE.cancel)
  assert.equal(body.destroyed, false)
})

test('streams above the last one that a GOAWAY names were not sent, the others finish', async (t) => {
  const backend = await startFrameBackend(t)
  const connection = connectTo(t, backend.url)
  const sinks = [send(connection), send(connection), send(connection)]
  const raw = await backend.connection(0)
  await raw.frame(FRAME.headers, 5)
  raw.send(goaway(1, CODE.none))
  assert.deepEqual((await sinks[1]!.settled()).failure, STALE_UNSEEN)
  assert.deepEqual((await sinks[2]!.settled()).failure, STALE_UNSEEN)
  const later = send(connection)
  await (await backend.connection(1)).frame(FRAME.headers, 1)
  raw.send(...ok(1))
  assert.equal((await sinks[0]!.settled()).body, 'ok')
  await raw.untilClosed()
  backend.connections[1]!.send(...ok(1))
  assert.equal((await later.settled()).body, 'ok')
})

test('a GOAWAY that names the highest stream there can be lets all finish', async (t) => {
  const backend = await startFrameBackend(t)
  const connection = connectTo(t, backend.url)
  const sink = send(connection)
  const raw = await backend.connection(0)
  await raw.frame(FRAME.headers, 1)
  raw.send(goaway(2 ** 31 - 1, CODE.none))
  await delay(50)
  assert.equal(sink.over, false)
  raw.send(goaway(1, CODE.none), ...ok(1))
  assert.equal((await sink.settled()).body, 'ok')
})

test('a GOAWAY with an error breaks what the backend saw and gives back what it did not', async (t) => {
  const backend = await startFrameBackend(t)
  const connection = connectTo(t, backend.url)
  const sinks = [send(connection), send(connection)]
  const raw = await backend.connection(0)
  await raw.frame(FRAME.headers, 3)
  raw.send(goaway(1, CODE.calm))
  assert.deepEqual((await sinks[0]!.settled()).failure, RESET)
  assert.deepEqual((await sinks[1]!.settled()).failure, STALE_UNSEEN)
})

test('what was to be replaced is not replaced twice', async (t) => {
  const backend = await answeringFrames(t, () => [goaway(0, CODE.none)])
  const sink = await settle(connectTo(t, backend.url), { fresh: true })
  assert.deepEqual(sink.failure, REFUSED)
})

test('a kept connection that breaks before anything comes is reported as reused', async (t) => {
  let requests = 0
  const backend = await startFrameBackend(t, {
    onFrame: (connection, { type, stream }) => {
      if (type !== FRAME.headers) return
      if (++requests === 1) connection.send(...ok(stream))
      else connection.socket.resetAndDestroy()
    }
  })
  const connection = connectTo(t, backend.url)
  await settle(connection)
  // Until its window updates and acknowledgements have come.
  await delay(50)
  assert.deepEqual((await settle(connection)).failure, { ...RESET, reused: true })
  assert.deepEqual((await settle(connection)).failure, RESET)
})

test('a request that wants a fresh connection gets one', async (t) => {
  const backend = await answeringFrames(t, ok)
  const connection = connectTo(t, backend.url)
  await settle(connection)
  await settle(connection)
  assert.equal(backend.connections.length, 1)
  await settle(connection, { fresh: true })
  assert.equal(backend.connections.length, 2)
})

test('a connection that breaks takes its responses along', async (t) => {
  const backend = await startFrameBackend(t)
  const connection = connectTo(t, backend.url)
  const sinks = [send(connection), send(connection)]
  const raw = await backend.connection(0)
  await raw.frame(FRAME.headers, 3)
  raw.send(headers(1, 0, ':status', '200'), data(1, 'half'))
  await until('the body has begun', () => sinks[0]!.body === 'half')
  raw.socket.resetAndDestroy()
  assert.deepEqual((await sinks[0]!.settled()).failure, RESET)
  assert.deepEqual((await sinks[1]!.settled()).failure, RESET)
})

const MALFORMED: Readonly<Record<string, (stream: number) => Buffer[]>> = {
  'a head without a status': (stream) => [headers(stream, FLAG.endStream, 'a', 'b')],
  'a name in upper case': (stream) => [headers(stream, FLAG.endStream, ':status', '200', 'X-A', 'b')],
  'a field of the connection': (stream) => [
    headers(stream, FLAG.endStream, ':status', '200', 'connection', 'close')
  ],
  'a transfer coding': (stream) => [
    headers(stream, FLAG.endStream, ':status', '200', 'transfer-encoding', 'chunked')
  ],
  'a switch of protocols': (stream) => [headers(stream, 0, ':status', '101')],
  'an interim response that ends the stream': (stream) => [headers(stream, FLAG.endStream, ':status', '103')],
  'two statuses': (stream) => [headers(stream, FLAG.endStream, ':status', '200', ':status', '200')],
  'a status that is no number': (stream) => [headers(stream, FLAG.endStream, ':status', 'abc')],
  'a body before the head': (stream) => [data(stream, 'early')],
  'a body that is too long': (stream) => [
    headers(stream, 0, ':status', '200', 'content-length', '1'),
    data(stream, 'two', FLAG.endStream)
  ],
  'a body that is too short': (stream) => [
    headers(stream, 0, ':status', '200', 'content-length', '9'),
    data(stream, 'two', FLAG.endStream)
  ],
  'trailers with a pseudo-header field': (stream) => [
    headers(stream, 0, ':status', '200'),
    headers(stream, FLAG.endStream, ':status', '200')
  ],
  'trailers that do not end the stream': (stream) => [
    headers(stream, 0, ':status', '200'),
    data(stream, 'x'),
    headers(stream, 0, 'a', 'b')
  ]
}

for (const [what, answer] of Object.entries(MALFORMED)) {
  test(`${what} is no response`, async (t) => {
    const backend = await answeringFrames(t, answer)
    assert.deepEqual((await settle(connectTo(t, backend.url))).failure, PROTOCOL_ERROR)
  })
}

test('a header that can not be decompressed breaks the connection', async (t) => {
  const backend = await answeringFrames(t, (stream) => {
    const broken = headers(stream, FLAG.endStream)
    return [broken.subarray(0, 0), Buffer.concat([headers(stream, FLAG.endStream, 'a', 'b').fill(0xff, 9)])]
  })
  assert.deepEqual((await settle(connectTo(t, backend.url))).failure, PROTOCOL_ERROR)
})

test('a head above the limit is no response', async (t) => {
  const backend = await answeringFrames(t, (stream) => [
    headers(stream, FLAG.endStream, ':status', '200', 'a', 'x'.repeat(9000))
  ])
  const small = await settle(connectTo(t, backend.url, { maxResponseHead: 4096 }))
  assert.deepEqual([small.head, small.failure], [undefined, PROTOCOL_ERROR])
  assert.equal((await settle(connectTo(t, backend.url))).head?.status, 200)
})

test('a backend that speaks HTTP/1.1 is found out before anything is sent', async (t) => {
  const backend = await answering(t, 'HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n')
  const sink = await settle(connectTo(t, backend.url))
  assert.deepEqual(sink.failure, { reason: 'protocol_error', sent: false, reused: false })
  assert.deepEqual(sink.calls, ['failure'])
})

test('where nobody listens, the connection is refused', async (t) => {
  const sink = await settle(connectTo(t, await closedPort()))
  assert.deepEqual(sink.failure, { reason: 'connect_refused', sent: false, reused: false })
})

test('a connection that does not come about in time is given up', async (t) => {
  const connection = connectTo(t, await startBlackHole(t), { connectTimeout: 100 })
  const sinks = [send(connection), send(connection)]
  for (const sink of sinks)
    assert.deepEqual((await sink.settled()).failure, {
      reason: 'connect_timeout',
      sent: false,
      reused: false
    })
})

test('a backend that does not send its SETTINGS in time is given up', async (t) => {
  const backend = await startFrameBackend(t, { settings: undefined })
  const sink = await settle(connectTo(t, backend.url, { connectTimeout: 100 }))
  assert.deepEqual(sink.failure, { reason: 'connect_timeout', sent: false, reused: false })
  await (await backend.connection(0)).untilClosed()
})

test('a backend that takes no streams at all refuses all', async (t) => {
  const backend = await startFrameBackend(t, { settings: { [SETTING.maxStreams]: 0 } })
  assert.deepEqual((await settle(connectTo(t, backend.url))).failure, REFUSED)
})
