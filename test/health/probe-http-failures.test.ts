import assert from 'node:assert/strict'
import { createServer as createHttpServer } from 'node:http'
import { createServer as createTlsServer } from 'node:tls'
import { createServer } from 'node:net'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import type { HealthCheckConfig } from '../../src/config/types.ts'
import { probeHttp } from '../../src/health/probe-http.ts'
import { allClosed, checkOf, closedPort, listen } from './helpers.ts'
import { selfSigned } from './self-signed.ts'

const { signal } = new AbortController()
const status = [{ from: 200, to: 299 }]

/** Probes a server that does to each connection, once a request came, what `onRequest` does. */
async function against(
  t: TestContext,
  onRequest: (socket: Socket) => void,
  overrides: Partial<HealthCheckConfig> = {}
) {
  const server = createServer((socket) => void socket.once('data', () => onRequest(socket)))
  const { port, open } = await listen(t, server)
  const result = await probeHttp(`http://127.0.0.1:${port}`, checkOf(overrides), signal)
  await allClosed(open)
  return result
}

const failed = (reason: string) => ({ ok: false, reason })

test('a port that nobody listens on is connect_refused', async (t) => {
  const port = await closedPort(t, createServer())
  assert.deepEqual(await probeHttp(`http://127.0.0.1:${port}`, checkOf(), signal), failed('connect_refused'))
})

test('a connection that is reset before an answer is a reset', async (t) => {
  assert.deepEqual(await against(t, (socket) => socket.resetAndDestroy()), failed('reset'))
})

test('a connection that is closed before an answer is a reset', async (t) => {
  assert.deepEqual(await against(t, (socket) => socket.end()), failed('reset'))
})

test('a head that stops half-way is a reset', async (t) => {
  assert.deepEqual(await against(t, (socket) => socket.end('HTTP/1.1 200 OK\r\nX-A: ')), failed('reset'))
})

test('a body that breaks off before its text came is a reset', async (t) => {
  const half = 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nrea'
  const expect = { status, body: 'ready' }
  assert.deepEqual(await against(t, (socket) => socket.end(half), { expect }), failed('reset'))
})

test('a body that ends with the connection is read to its end', async (t) => {
  const head = 'HTTP/1.1 200 OK\r\n\r\n'
  const expect = { status, body: 'ready' }
  const whole = await against(t, (socket) => socket.end(`${head}I am ready`), { expect })
  assert.deepEqual(whole, { ok: true })
  const other = await against(t, (socket) => socket.end(`${head}I am not`), { expect })
  assert.deepEqual(other, failed('body_mismatch'))
})

test('an answer that is no HTTP is a protocol_error', async (t) => {
  const result = await against(t, (socket) => socket.end('SSH-2.0-OpenSSH_9.9\r\n'))
  assert.deepEqual(result, failed('protocol_error'))
})

test('a body whose chunks are no chunks is a protocol_error', async (t) => {
  const wrong = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'
  const result = await against(t, (socket) => socket.end(wrong), { expect: { status, body: 'ready' } })
  assert.deepEqual(result, failed('protocol_error'))
})

test('a head without end is a protocol_error', async (t) => {
  const result = await against(t, (socket) => {
    socket.write(`HTTP/1.1 200 OK\r\nX-A: ${'a'.repeat(64 * 1024)}`)
  })
  assert.deepEqual(result, failed('protocol_error'))
})

test('a switch of protocols is judged by its status', async (t) => {
  const switched = 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n'
  const answer = (socket: Socket): void => void socket.write(switched)
  assert.deepEqual(await against(t, answer), failed('status_101'))
  const expect = { status: [{ from: 101, to: 101 }] }
  assert.deepEqual(await against(t, answer, { expect }), { ok: true })
  assert.deepEqual(await against(t, answer, { expect: { ...expect, body: 'x' } }), failed('body_mismatch'))
})

test('https to a server that speaks plain HTTP is tls_failed', async (t) => {
  const { port, open } = await listen(t, createHttpServer())
  const result = await probeHttp(`https://127.0.0.1:${port}`, checkOf(), signal)
  assert.deepEqual(result, failed('tls_failed'))
  await allClosed(open)
})

test('a certificate that nobody trusts is tls_failed', async (t) => {
  const { port, open } = await listen(t, createTlsServer(selfSigned))
  const result = await probeHttp(`https://127.0.0.1:${port}`, checkOf(), signal)
  assert.deepEqual(result, failed('tls_failed'))
  await allClosed(open)
})

test('the certificate is asked for by the backend’s name, not by that of the Host field', async (t) => {
  const names: string[] = []
  const server = createTlsServer({
    ...selfSigned,
    SNICallback: (name, done) => {
      names.push(name)
      done(null)
    }
  })
  const { port } = await listen(t, server)
  const check = checkOf({ headers: { host: 'shop.example' } })
  assert.deepEqual(await probeHttp(`https://localhost:${port}`, check, signal), failed('tls_failed'))
  assert.deepEqual(names, ['localhost'])
})

test('a name that cannot exist is dns_failed', async () => {
  // A label of more than 63 characters: the resolver refuses it by itself, with or without a network.
  const result = await probeHttp(`http://${'a'.repeat(64)}.invalid`, checkOf(), signal)
  assert.deepEqual(result, failed('dns_failed'))
})

test('a request that cannot be sent is a protocol_error', async () => {
  const result = await probeHttp('http://127.0.0.1:9', checkOf({ path: '/a b' }), signal)
  assert.deepEqual(result, failed('protocol_error'))
})
