import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer as createPlainServer, type Socket } from 'node:net'
import { test, type TestContext } from 'node:test'
import { createServer, type TlsOptions, type TLSSocket } from 'node:tls'
import { selfSigned } from '../../health/self-signed.ts'
import { until } from '../../helpers/until.ts'
import { connectTo, send, settle } from './recording-sink.ts'

interface TlsBackend {
  readonly url: string
  readonly sockets: TLSSocket[]
}

/** A TLS backend that answers each write of a client with the same bytes. */
async function startTlsBackend(
  t: TestContext,
  answer: string | Buffer,
  options: TlsOptions = {}
): Promise<TlsBackend> {
  const sockets: TLSSocket[] = []
  const server = createServer({ ...selfSigned, ALPNProtocols: ['http/1.1'], ...options }, (socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    socket.on('data', () => socket.write(answer))
  })
  server.on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, sockets }
}

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

test('a certificate that nobody vouches for is refused by default', async (t) => {
  const backend = await startTlsBackend(t, OK)
  const sink = await settle(connectTo(t, backend.url))
  assert.deepEqual(sink.failure, { reason: 'tls_failed', sent: false, reused: false })
})

test('a certificate of a given authority is accepted, and the connection kept', async (t) => {
  const backend = await startTlsBackend(t, OK)
  const connection = connectTo(t, backend.url, { tls: { ca: selfSigned.cert } })
  for (let turn = 0; turn < 3; turn++) assert.equal((await settle(connection)).body, 'ok')
  assert.equal(backend.sockets.length, 1)
  assert.equal(backend.sockets[0]!.alpnProtocol, 'http/1.1')
})

test('a certificate for another name is refused', async (t) => {
  const backend = await startTlsBackend(t, OK)
  const tls = { ca: selfSigned.cert, servername: 'shop.test' }
  const sink = await settle(connectTo(t, backend.url, { tls }))
  assert.equal(sink.failure?.reason, 'tls_failed')
})

test('verification can be turned off, and the server name is sent', async (t) => {
  const backend = await startTlsBackend(t, OK)
  const tls = { rejectUnauthorized: false, servername: 'shop.test' }
  assert.equal((await settle(connectTo(t, backend.url, { tls }))).body, 'ok')
  assert.equal(backend.sockets[0]!.servername, 'shop.test')
})

test('a backend that asks for a certificate gets one', async (t) => {
  const options = {
    requestCert: true,
    rejectUnauthorized: true,
    ca: selfSigned.cert,
    maxVersion: 'TLSv1.2'
  } as const
  const backend = await startTlsBackend(t, OK, options)
  const without = await settle(connectTo(t, backend.url, { tls: { ca: selfSigned.cert } }))
  assert.equal(without.failure?.reason, 'tls_failed')
  const tls = { ca: selfSigned.cert, ...selfSigned }
  assert.equal((await settle(connectTo(t, backend.url, { tls }))).body, 'ok')
})

test('settings that make no sense fail the request, not the gateway', async (t) => {
  const backend = await startTlsBackend(t, OK)
  const sink = await settle(connectTo(t, backend.url, { tls: { key: 'no key' } }))
  assert.deepEqual([sink.failure?.sent, sink.calls], [false, ['failure']])
})

test('a large response arrives whole over TLS', async (t) => {
  const body = Buffer.alloc(3_000_000, 'abcdefghijk')
  const backend = await startTlsBackend(
    t,
    Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`), body])
  )
  const sink = await settle(connectTo(t, backend.url, { tls: { ca: selfSigned.cert } }))
  assert.ok(Buffer.concat(sink.chunks).equals(body))
})

test('a response pauses and goes on over TLS', async (t) => {
  const body = Buffer.alloc(1_000_000, 'x')
  const backend = await startTlsBackend(
    t,
    Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`), body])
  )
  const sink = send(connectTo(t, backend.url, { tls: { ca: selfSigned.cert } }))
  sink.wantsMore = false
  await until('all of it came, piece by piece', () => {
    sink.exchange!.resume()
    return sink.over
  })
  assert.equal(Buffer.concat(sink.chunks).length, body.length)
})

test('a later connection resumes the TLS session', async (t) => {
  const backend = await startTlsBackend(t, OK)
  const connection = connectTo(t, backend.url, { tls: { ca: selfSigned.cert } })
  await settle(connection)
  await until('there is a session', () => connection.session !== undefined)
  backend.sockets[0]!.destroy()
  await settle(connection)
  assert.equal((await settle(connection)).body, 'ok')
  assert.ok(backend.sockets.at(-1)!.isSessionReused())
})

test('an upgrade over TLS hands over the decrypted socket', async (t) => {
  const backend = await startTlsBackend(t, 'HTTP/1.1 101 x\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\nhi')
  const sink = await settle(connectTo(t, backend.url, { tls: { ca: selfSigned.cert } }), { upgrade: 'echo' })
  let seen = ''
  sink.upgraded!.socket.on('data', (chunk: Buffer) => (seen += chunk.toString())).resume()
  await until('the first bytes came', () => seen === 'hi')
  sink.upgraded!.socket.destroy()
})

test('a server that speaks no TLS, or leaves in the handshake, is a failed connection', async (t) => {
  const sockets: Socket[] = []
  let answer = ''
  const server = createPlainServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    socket.once('data', () => socket.end(answer))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  assert.deepEqual((await settle(connectTo(t, url))).failure, {
    reason: 'connect_failed',
    sent: false,
    reused: false
  })
  answer = OK
  assert.deepEqual((await settle(connectTo(t, url))).failure, {
    reason: 'tls_failed',
    sent: false,
    reused: false
  })
})
