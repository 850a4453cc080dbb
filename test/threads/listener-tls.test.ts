import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import { before, suite, test, type TestContext } from 'node:test'
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import { type Authority, createAuthority, type IssuedCertificate } from '../helpers/certificates.ts'
import {
  OVER_TLS,
  startListener,
  type TestListener,
  type TestListenerOptions,
  tlsMaterial
} from '../helpers/test-listener.ts'
import { tcpClient, tlsClient, untilClosed } from '../helpers/tls-client.ts'

const GET = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'

let authority: Authority
let [first, second]: IssuedCertificate[] = []

before(async () => {
  authority = await createAuthority()
  ;[first, second] = await Promise.all([authority.issue(['localhost']), authority.issue(['localhost'])])
})

async function start(t: TestContext, options: TestListenerOptions = {}): Promise<TestListener> {
  return await startListener(t, { transport: OVER_TLS, material: tlsMaterial([first!]), ...options })
}

/** Serial number of the certificate that a connection was given. */
function serial(socket: TLSSocket): string {
  return socket.getPeerCertificate().serialNumber
}

suite('a handshake', () => {
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    test(`succeeds with ${version} and a certificate that is valid`, async (t) => {
      const { port } = await start(t)
      const versions = { minVersion: version, maxVersion: version }
      const client = await tlsClient(t, port, { ...versions, ca: authority.ca, rejectUnauthorized: true })
      assert.equal(client.socket.getProtocol(), version)
      client.write(GET)
      await client.untilText('fine over 1.1 for 127.0.0.1')
    })
  }

  test('of an older version fails', async (t) => {
    const { port } = await start(t)
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' } as const
    await assert.rejects(tlsClient(t, port, old), { code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION' })
  })

  const protocols: readonly (readonly [boolean, string[] | undefined, string | false])[] = [
    [true, ['h2', 'http/1.1'], 'h2'],
    [true, ['http/1.1', 'h2'], 'h2'],
    [true, ['http/1.1'], 'http/1.1'],
    [true, ['http/1.0'], 'http/1.0'],
    [true, undefined, false],
    [false, ['h2', 'http/1.1'], 'http/1.1'],
    [false, undefined, false]
  ]
  for (const [http2, offered, chosen] of protocols) {
    test(`chooses ${chosen} of ${offered?.join(', ') ?? 'nothing'} with HTTP/2 ${http2 ? 'on' : 'off'}`, async (t) => {
      const { port } = await start(t, { transport: { ...OVER_TLS, http2 } })
      const { socket } = await tlsClient(t, port, offered && { ALPNProtocols: offered })
      assert.equal(socket.alpnProtocol, chosen)
    })
  }

  test('that offers other protocols only fails', async (t) => {
    const { port } = await start(t, { transport: { ...OVER_TLS, http2: false } })
    for (const ALPNProtocols of [['h2'], ['spdy/3']])
      await assert.rejects(tlsClient(t, port, { ALPNProtocols }), /no application protocol/i)
  })

  test('that is none is closed without a word, and others are served', async (t) => {
    const { port, rawAnswers } = await start(t)
    const strangers = [
      GET,
      '\x16\x03\x01\x00\x05hello',
      'PROXY TCP4 1.1.1.1 2.2.2.2 3 4\r\n',
      '\0'.repeat(5000)
    ]
    for (const bytes of strangers) await untilClosed(await tcpClient(t, port, bytes))
    const client = await tlsClient(t, port)
    client.write(GET)
    await client.untilText('fine')
    assert.deepEqual(rawAnswers, [])
  })

  test('that does not come is closed in time', async (t) => {
    const { port } = await start(t, { limits: { headersTimeout: 300 } })
    await Promise.all([
      untilClosed(await tcpClient(t, port)),
      untilClosed(await tcpClient(t, port, '\x16\x03\x01'))
    ])
  })

  test('whose client leaves is not waited for', async (t) => {
    const { port, listener } = await start(t, { limits: { headersTimeout: 60_000 } })
    const socket = await tcpClient(t, port, '\x16\x03\x01')
    socket.end()
    await untilClosed(socket)
    assert.equal(await listener.stop(60_000), 0)
  })
})

suite('new certificates', () => {
  test('are for new connections, those that are there stay', async (t) => {
    const { port, listener } = await start(t)
    const kept = await tlsClient(t, port)
    const streams = connectHttp2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false })
    t.after(() => streams.destroy())
    await once(streams, 'connect')
    listener.secure(tlsMaterial([second!]))
    for (const options of [{}, { servername: '' }]) {
      const client = await tlsClient(t, port, options)
      assert.notEqual(serial(client.socket), serial(kept.socket))
    }
    kept.write(GET)
    await kept.untilText('fine')
    const stream = streams.request({ ':path': '/' })
    const [headers] = (await once(stream, 'response')) as [Record<string, unknown>]
    assert.equal(headers[':status'], 200)
  })

  test('break no handshake that is under way', async (t) => {
    const { port, listener } = await start(t)
    const below = await tcpClient(t, port)
    listener.secure(tlsMaterial([second!]))
    const client = await tlsClient(t, port, { socket: below })
    client.write(GET)
    await client.untilText('fine')
  })

  test('that are bad are refused, and the old ones stay', async (t) => {
    const { port, listener } = await start(t)
    assert.throws(() => listener.secure(tlsMaterial([{ cert: first!.cert, key: second!.key }])))
    const client = await tlsClient(t, port, { ca: authority.ca, rejectUnauthorized: true })
    client.write(GET)
    await client.untilText('fine')
  })
})

suite('sessions', () => {
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    for (const servername of ['localhost', 'other.example', '']) {
      const name = servername || 'nobody'
      test(`go on in another thread, with ${version} for ${name}`, async (t) => {
        const [here, there] = [await start(t), await start(t)]
        const options = { servername, minVersion: version, maxVersion: version }
        const session = await sessionOf(t, here.port, options)
        assert.ok(await isReused(t, here.port, { ...options, session }))
        assert.ok(await isReused(t, there.port, { ...options, session }))
      })
    }

    test(`begin anew without failing once the ticket keys have changed, with ${version}`, async (t) => {
      const { port, listener } = await start(t)
      const options = { minVersion: version, maxVersion: version }
      const session = await sessionOf(t, port, options)
      listener.secure(tlsMaterial([first!], 'other ticket keys'))
      assert.equal(await isReused(t, port, { ...options, session }), false)
      const renewed = await sessionOf(t, port, options)
      assert.ok(await isReused(t, port, { ...options, session: renewed }))
    })
  }
})

/** Sends a request, so that TLS 1.3's tickets come. */
async function sessionOf(t: TestContext, port: number, options: ConnectionOptions): Promise<Buffer> {
  const socket = connect({
    host: '127.0.0.1',
    port,
    rejectUnauthorized: false,
    servername: 'localhost',
    ...options
  })
  t.after(() => socket.destroy())
  socket.on('error', () => {})
  const session = once(socket, 'session') as Promise<[Buffer]>
  socket.write(GET)
  socket.resume()
  return (await session)[0]
}

async function isReused(t: TestContext, port: number, options: ConnectionOptions): Promise<boolean> {
  const client = await tlsClient(t, port, options)
  client.write(GET)
  await client.untilText('fine')
  return client.socket.isSessionReused()
}
