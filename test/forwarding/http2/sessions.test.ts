import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { until } from '../../helpers/until.ts'
import { send, settle } from '../http1/recording-sink.ts'
import {
  answeringFrames,
  data,
  FLAG,
  FRAME,
  frame,
  headers,
  SETTING,
  settings,
  startFrameBackend
} from './frame-backend.ts'
import { connectTo, startHttp2Backend } from './http2-backend.ts'

function ok(stream: number): Buffer[] {
  return [headers(stream, 0, ':status', '200'), data(stream, 'ok', FLAG.endStream)]
}

test('many requests share one connection', async (t) => {
  const backend = await startHttp2Backend(t)
  const connection = connectTo(t, backend.url)
  await settle(connection)
  await Promise.all(Array.from({ length: 300 }, () => settle(connection)))
  assert.deepEqual(backend.opened, { sessions: 1, streams: 301 })
})

test('before a backend has said how many streams it takes, a hundred are expected', async (t) => {
  const backend = await startHttp2Backend(t)
  const connection = connectTo(t, backend.url)
  await Promise.all(Array.from({ length: 250 }, () => settle(connection)))
  assert.deepEqual(backend.opened, { sessions: 3, streams: 250 })
})

test('no connection carries more streams than the backend takes', async (t) => {
  const backend = await startFrameBackend(t, { settings: { [SETTING.maxStreams]: 2 } })
  const connection = connectTo(t, backend.url)
  const sinks = Array.from({ length: 5 }, () => send(connection))
  const open = (): number[] =>
    backend.connections.map(({ frames }) => frames.filter(({ type }) => type === FRAME.headers).length)
  await until('all requests came', () => open().reduce((sum, count) => sum + count, 0) === 5)
  assert.deepEqual(
    open().toSorted((a, b) => a - b),
    [1, 2, 2]
  )
  for (const raw of backend.connections)
    for (const { type, stream } of raw.frames) if (type === FRAME.headers) raw.send(...ok(stream))
  for (const sink of sinks) assert.equal((await sink.settled()).body, 'ok')
  await until('the streams are closed', async () => {
    const before = backend.connections.length
    const sink = send(connection)
    await until('it came', () => open().reduce((sum, count) => sum + count, 0) > 5)
    sink.exchange!.abort()
    return backend.connections.length === before
  })
})

test('a limit that changes holds from then on', async (t) => {
  const backend = await startFrameBackend(t)
  const connection = connectTo(t, backend.url)
  send(connection)
  const raw = await backend.connection(0)
  await raw.frame(FRAME.headers)
  raw.send(settings({ [SETTING.maxStreams]: 1 }))
  await until('it was acknowledged', () => raw.frames.filter(isAck).length === 2)
  send(connection)
  await (await backend.connection(1)).frame(FRAME.headers)
})

function isAck({ type, flags }: { type: number; flags: number }): boolean {
  return type === FRAME.settings && (flags & FLAG.ack) !== 0
}

test('an idle connection is closed when its time is over, and not used even before', async (t) => {
  const backend = await startHttp2Backend(t)
  const connection = connectTo(t, backend.url, { keepAlive: 100 })
  await settle(connection)
  await until('it is closed', () => backend.sessions.size === 0)
  await settle(connection)
  await delay(150)
  await settle(connection)
  assert.equal(backend.opened.sessions, 3)
})

test('a connection with a stream is not idle, however long it takes', async (t) => {
  const backend = await startFrameBackend(t)
  const connection = connectTo(t, backend.url, { keepAlive: 50 })
  const sink = send(connection)
  const raw = await backend.connection(0)
  await raw.frame(FRAME.headers)
  await delay(1500)
  raw.send(...ok(1))
  assert.equal((await sink.settled()).body, 'ok')
  await raw.untilClosed()
})

test('closing waits for what is under way, and nothing new begins', async (t) => {
  const backend = await startFrameBackend(t)
  const connection = connectTo(t, backend.url)
  const sink = send(connection)
  const raw = await backend.connection(0)
  await raw.frame(FRAME.headers)
  let isClosed = false
  const closed = connection.close().then(() => (isClosed = true))
  assert.deepEqual((await settle(connection)).failure, {
    reason: 'connect_failed',
    sent: false,
    reused: false
  })
  await delay(50)
  assert.equal(isClosed, false)
  raw.send(...ok(1))
  assert.equal((await sink.settled()).body, 'ok')
  await closed
})

test('closing is not held up by a backend that does not close its side', async (t) => {
  const backend = await answeringFrames(t, ok)
  const connection = connectTo(t, backend.url)
  await settle(connection)
  backend.connections[0]!.socket.pause()
  await connection.close()
})

test('destroying breaks what is under way and what waits', async (t) => {
  const backend = await startFrameBackend(t)
  const connection = connectTo(t, backend.url)
  const open = send(connection)
  await (await backend.connection(0)).frame(FRAME.headers)
  const waiting = send(connection, { fresh: true })
  await connection.destroy()
  assert.deepEqual((await open.settled()).failure, { reason: 'reset', sent: true, reused: false })
  assert.ok(waiting.over || (await waiting.settled()).failure)
})

test('a peer that is gone without a word is found out by a PING', async (t) => {
  const backend = await startFrameBackend(t)
  const connection = connectTo(t, backend.url, { pings: { after: 50, timeout: 50 } })
  const sink = send(connection)
  const raw = await backend.connection(0)
  await raw.frame(FRAME.ping)
  assert.deepEqual((await sink.settled()).failure, { reason: 'reset', sent: true, reused: false })
  const next = send(connection)
  await (await backend.connection(1)).frame(FRAME.headers)
  next.exchange!.abort()
})

test('requests that give up early do not keep a dead peer alive', async (t) => {
  const backend = await startFrameBackend(t)
  const connection = connectTo(t, backend.url, { pings: { after: 100, timeout: 100 } })
  await until('another connection is made', async () => {
    const sink = send(connection)
    await delay(20)
    sink.exchange!.abort()
    return backend.connections.length > 1
  })
})

test('a peer that answers its PING may take its time, and is not asked again soon', async (t) => {
  const backend = await startFrameBackend(t, {
    onFrame: ({ send: answer }, { type, payload }) => {
      if (type === FRAME.ping) answer(frame(FRAME.ping, FLAG.ack, 0, payload))
    }
  })
  const connection = connectTo(t, backend.url, { pings: { after: 50, timeout: 20_000 } })
  const sink = send(connection)
  const raw = await backend.connection(0)
  await raw.frame(FRAME.ping)
  await delay(500)
  assert.equal(raw.frames.filter(({ type }) => type === FRAME.ping).length, 1)
  raw.send(headers(1, 0, ':status', '200'), data(1, 'more'))
  await until('it is asked again after it has said something', () => {
    return raw.frames.filter(({ type }) => type === FRAME.ping).length === 2
  })
  raw.send(data(1, '', FLAG.endStream))
  assert.equal((await sink.settled()).body, 'more')
})

test('an idle connection is not asked anything', async (t) => {
  const backend = await answeringFrames(t, ok)
  const connection = connectTo(t, backend.url, { pings: { after: 30, timeout: 30 } })
  await settle(connection)
  const pings = (): number => backend.connections[0]!.frames.filter(({ type }) => type === FRAME.ping).length
  // The one request may have taken long enough for one.
  await delay(50)
  const before = pings()
  await delay(300)
  assert.equal(pings(), before)
  await settle(connection)
  assert.equal(backend.connections.length, 1)
})
