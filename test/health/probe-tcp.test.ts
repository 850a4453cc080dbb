import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { probeTcp } from '../../src/health/probe-tcp.ts'
import { allClosed, checkOf, closedPort, listen } from './helpers.ts'

const check = checkOf({ type: 'tcp' })
const { signal } = new AbortController()

test('a port that accepts passes, and the connection is closed without a byte', async (t) => {
  let bytes = 0
  const server = createServer((socket) => void socket.on('data', (chunk) => (bytes += chunk.length)))
  const { port, open } = await listen(t, server)
  const connected = once(server, 'connection')
  assert.deepEqual(await probeTcp(`http://127.0.0.1:${port}`, check, signal), { ok: true })
  await connected
  await allClosed(open)
  assert.equal(bytes, 0)
})

test('an https backend is only connected to', async (t) => {
  const { port } = await listen(t, createServer())
  assert.deepEqual(await probeTcp(`https://127.0.0.1:${port}`, check, signal), { ok: true })
})

test('a port that nobody listens on is connect_refused', async (t) => {
  const port = await closedPort(t, createServer())
  const result = await probeTcp(`http://127.0.0.1:${port}`, check, signal)
  assert.deepEqual(result, { ok: false, reason: 'connect_refused' })
})

test('the check’s port is probed instead of the backend’s', async (t) => {
  const { port } = await listen(t, createServer())
  const gone = await closedPort(t, createServer())
  assert.deepEqual(await probeTcp(`http://127.0.0.1:${gone}`, { ...check, port }, signal), { ok: true })
})

test('an aborted probe rejects with the reason of the abort and connects no more', async (t) => {
  const server = createServer()
  const { port } = await listen(t, server)
  let connections = 0
  server.on('connection', () => (connections += 1))
  const aborted = AbortSignal.abort(new Error('stopped'))
  await assert.rejects(async () => await probeTcp(`http://127.0.0.1:${port}`, check, aborted), /stopped/)
  assert.equal(connections, 0)
})
