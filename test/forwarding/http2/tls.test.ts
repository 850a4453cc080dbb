import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { createServer, type Server, type TLSSocket } from 'node:tls'
import { type Authority, createAuthority, type IssuedCertificate } from '../../helpers/certificates.ts'
import { settle } from '../http1/recording-sink.ts'
import { connectTo, startHttp2Backend } from './http2-backend.ts'

let authority: Authority
let own: IssuedCertificate
/** Speaks TLS, and knows nothing of ALPN or of HTTP/2. */
let old: Server

before(async () => {
  authority = await createAuthority()
  own = await authority.issue(['localhost', '127.0.0.1'])
  old = createServer(own, (socket) => socket.on('error', () => {})).listen(0, '127.0.0.1')
  await once(old, 'listening')
})

after(() => old.close())

test('HTTP/2 is chosen by ALPN, and sessions are resumed', async (t) => {
  const backend = await startHttp2Backend(t, undefined, own)
  const connection = connectTo(t, backend.url, { tls: { ca: authority.ca } })
  assert.equal((await settle(connection)).head?.status, 200)
  assert.equal((await settle(connection, { fresh: true })).head?.status, 200)
  const resumed = [...backend.sessions].map(({ socket }) => (socket as TLSSocket).isSessionReused())
  assert.deepEqual(resumed, [false, true])
})

test('a certificate that nobody vouches for is refused', async (t) => {
  const backend = await startHttp2Backend(t, undefined, own)
  const sink = await settle(connectTo(t, backend.url))
  assert.deepEqual(sink.failure, { reason: 'tls_failed', sent: false, reused: false })
})

test('a certificate for another name is refused, with its own name it is accepted', async (t) => {
  const other = await authority.issue(['orders.test'])
  const backend = await startHttp2Backend(t, undefined, other)
  const { ca } = authority
  const refused = await settle(connectTo(t, backend.url, { tls: { ca } }))
  assert.deepEqual(refused.failure, { reason: 'tls_failed', sent: false, reused: false })
  const tls = { ca, servername: 'orders.test' }
  assert.equal((await settle(connectTo(t, backend.url, { tls }))).head?.status, 200)
})

for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`a backend that asks for a certificate gets one (${maxVersion})`, async (t) => {
    const { ca } = authority
    const options = { ...own, ca, requestCert: true, rejectUnauthorized: true, maxVersion }
    const backend = await startHttp2Backend(t, undefined, options)
    const without = await settle(connectTo(t, backend.url, { tls: { ca } }))
    assert.deepEqual(without.failure, { reason: 'tls_failed', sent: false, reused: false })
    const tls = { ca, ...(await authority.issue(['gateway.test'])) }
    assert.equal((await settle(connectTo(t, backend.url, { tls }))).head?.status, 200)
  })
}

test('a backend that chooses no protocol by ALPN is found out before anything is sent', async (t) => {
  const url = `https://127.0.0.1:${(old.address() as AddressInfo).port}`
  const sink = await settle(connectTo(t, url, { tls: { ca: authority.ca } }))
  assert.deepEqual(sink.failure, { reason: 'protocol_error', sent: false, reused: false })
})

test('a backend that speaks HTTP/1.1 only fails the handshake', async (t) => {
  const server = createServer({ ...own, ALPNProtocols: ['http/1.1'] }).listen(0, '127.0.0.1')
  server.on('tlsClientError', () => {})
  await once(server, 'listening')
  t.after(() => server.close())
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  const sink = await settle(connectTo(t, url, { tls: { ca: authority.ca } }))
  assert.deepEqual(sink.failure, { reason: 'tls_failed', sent: false, reused: false })
})

test('settings that make no sense fail the request, not the gateway', async (t) => {
  const sink = await settle(connectTo(t, 'https://127.0.0.1:1', { tls: { key: 'no key' } }))
  assert.deepEqual([sink.failure?.sent, sink.calls], [false, ['failure']])
})
