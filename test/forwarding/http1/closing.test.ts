import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { closedPort } from '../../helpers/misbehaving-backend.ts'
import { answering, startRawBackend } from './raw-backend.ts'
import { connectTo, send, settle } from './recording-sink.ts'

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

test('close lets what is under way end, and closes what is idle at once', async (t) => {
  const backend = await startRawBackend(t)
  const connection = connectTo(t, backend.url)
  const [idle, busy] = [send(connection), send(connection)]
  const raws = [await backend.connection(0), await backend.connection(1)]
  for (const raw of raws) await raw.untilReceived('\r\n\r\n')
  raws[0]!.send(OK)
  while (!idle.over && !busy.over) await delay(5)
  let closed = false
  const closing = connection.close().then(() => (closed = true))
  await raws[0]!.untilClosed()
  assert.equal(closed, false)
  raws[1]!.send(OK)
  await closing
  await raws[1]!.untilClosed()
  assert.deepEqual([idle.body, busy.body], ['ok', 'ok'])
})

test('close without connections is done at once', async (t) => {
  const backend = await startRawBackend(t)
  await connectTo(t, backend.url).close()
})

test('after close nothing is sent', async (t) => {
  const backend = await answering(t, OK)
  const connection = connectTo(t, backend.url)
  await connection.close()
  assert.deepEqual((await settle(connection)).failure, {
    reason: 'connect_failed',
    sent: false,
    reused: false
  })
})

test('destroy breaks what is under way', async (t) => {
  const backend = await startRawBackend(t)
  const connection = connectTo(t, backend.url)
  const [sent, connecting] = [send(connection), send(connection)]
  const raw = await backend.connection(0)
  await raw.untilReceived('\r\n\r\n')
  await backend.connection(1)
  const late = send(connection)
  await connection.destroy()
  assert.equal(sent.failure?.reason, 'reset')
  assert.ok(connecting.over)
  assert.deepEqual(late.failure, { reason: 'connect_failed', sent: false, reused: false })
  await raw.untilClosed()
})

test('a refused connection is told as such', async (t) => {
  const sink = await settle(connectTo(t, await closedPort()))
  assert.deepEqual(sink.failure, { reason: 'connect_refused', sent: false, reused: false })
  assert.deepEqual(sink.calls, ['failure'])
})

test('a name that does not exist is told as such', async (t) => {
  const sink = await settle(connectTo(t, 'http://does-not-exist.invalid'))
  assert.deepEqual(sink.failure, { reason: 'dns_failed', sent: false, reused: false })
})

test('a connection that does not come about in time is told as such, without much delay', async (t) => {
  // A listener whose queue is full answers nothing.
  const server = createServer().listen(0, '127.0.0.1', 1)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  t.after(() => server.close())
  // TLS to a server that says nothing hangs in every kernel.
  const connection = connectTo(t, `https://127.0.0.1:${port}`, { connectTimeout: 150 })
  const startedAt = performance.now()
  const sink = await settle(connection)
  const took = performance.now() - startedAt
  assert.deepEqual(sink.failure, { reason: 'connect_timeout', sent: false, reused: false })
  assert.ok(took >= 145 && took < 5000, `${took} ms`)
})
