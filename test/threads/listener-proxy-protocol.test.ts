import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import type { Socket } from 'node:net'
import { before, suite, test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { Transport } from '../../src/threads/messages.ts'
import { createAuthority, type IssuedCertificate } from '../helpers/certificates.ts'
import { startListener, type TestListener, tlsMaterial } from '../helpers/test-listener.ts'
import { tcpClient, tlsClient, untilClosed } from '../helpers/tls-client.ts'
import { until } from '../helpers/until.ts'

const GET = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'
const LINE = 'PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n'
/** Version 2, with 2001:db8::1 and a TLV. */
const BINARY = Buffer.from(
  `0d0a0d0a000d0a515549540a 21 21 0029 20010db8${'0'.repeat(23)}1 ${'0'.repeat(32)} dc0401bb 0400020000`.replaceAll(
    ' ',
    ''
  ),
  'hex'
)
const LOCAL = Buffer.from('0d0a0d0a000d0a515549540a20000000', 'hex')
/** All of this machine, so that the clients of these tests are trusted. */
const TRUSTED = ['127.0.0.0/8']

let certificate: IssuedCertificate

before(async () => {
  const authority = await createAuthority()
  certificate = await authority.issue(['localhost'])
})

async function start(
  t: TestContext,
  transport: Partial<Transport> = {},
  headers = 10_000
): Promise<TestListener> {
  return await startListener(t, {
    transport: { proxyProtocol: TRUSTED, ...transport },
    material: tlsMaterial([certificate]),
    limits: { headersTimeout: headers },
    routes: (app) => {
      app.get('/port', async ({ raw }) => `from port ${raw.socket.remotePort}`)
      app.post('/', (request, reply) => reply.send(request.body))
    }
  })
}

/** Collects what comes. */
function textOf(socket: Socket): () => string {
  let text = ''
  socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk))
  return () => text
}

async function untilText(socket: Socket, wanted: string, text = textOf(socket)): Promise<void> {
  await until(`"${wanted}" came, not only "${text()}"`, () => text().includes(wanted))
}

suite('from a trusted peer, without TLS', () => {
  const headers: readonly (readonly [string, string | Buffer, string])[] = [
    ['version 1', LINE, '192.0.2.1'],
    ['version 2', BINARY, '2001:db8::1'],
    ['LOCAL', LOCAL, '127.0.0.1'],
    ['UNKNOWN', 'PROXY UNKNOWN\r\n', '127.0.0.1']
  ]
  for (const [name, header, address] of headers) {
    test(`${name} names the client, whatever packets it comes in`, async (t) => {
      const { port } = await start(t)
      const whole = Buffer.concat([Buffer.from(header), Buffer.from(GET)])
      const cuts = [0, 1, header.length - 1, header.length, header.length + 1, whole.length - 1]
      for (const cut of cuts) {
        const socket = await tcpClient(t, port, whole.subarray(0, cut))
        const text = textOf(socket)
        await delay(20)
        socket.write(whole.subarray(cut))
        await untilText(socket, `fine over 1.1 for ${address}`, text)
        socket.write(GET)
        await until('the next request is served as well', () => text().split(address).length === 3)
      }
    })
  }

  test('a header may come byte by byte', async (t) => {
    const { port } = await start(t)
    const socket = await tcpClient(t, port)
    socket.setNoDelay()
    for (const byte of BINARY) {
      socket.write(Buffer.from([byte]))
      await delay(1)
    }
    socket.write(GET)
    await untilText(socket, 'fine over 1.1 for 2001:db8::1')
  })

  test('its port is the client port', async (t) => {
    const { port } = await start(t)
    await untilText(await tcpClient(t, port, LINE, GET.replace('/', '/port')), 'from port 56324')
  })

  test('what comes in the same packet reaches the app untouched, pipelined requests and bodies', async (t) => {
    const { port } = await start(t)
    const body = 'PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n'.repeat(500)
    const post = `POST / HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`
    const socket = await tcpClient(t, port, LINE + GET + post + GET)
    const text = textOf(socket)
    await until('all are answered', () => text().split('fine over 1.1').length === 3)
    assert.ok(text().includes(body))
  })

  test('a client that half-closes gets its answer', async (t) => {
    const { port } = await start(t)
    const socket = await tcpClient(t, port)
    socket.end(LINE + GET)
    await untilText(socket, 'fine over 1.1 for 192.0.2.1')
  })

  test('no header, a wrong one, or a late one: the connection is closed without a word', async (t) => {
    const { port, rawAnswers } = await start(t, {}, 300)
    const wrong = [
      GET,
      'PROXY TCP4 192.0.2.1\r\n',
      'PROXY TCP9 a b c d\r\n',
      'PROXY',
      '',
      '\r\n\r\n',
      LOCAL.subarray(0, 14)
    ]
    const sockets = await Promise.all(wrong.map((bytes) => tcpClient(t, port, bytes)))
    const texts = sockets.map(textOf)
    await Promise.all(sockets.map(untilClosed))
    assert.deepEqual(
      texts.map((text) => text()),
      wrong.map(() => '')
    )
    assert.deepEqual(rawAnswers, [])
  })

  test('a second header is a bad request of the client that the first one names', async (t) => {
    const { port, rawAnswers } = await start(t)
    await untilText(await tcpClient(t, port, LINE, LINE, GET), 'HTTP/1.1 400 ')
    assert.deepEqual(
      rawAnswers.map(({ status, remoteAddress }) => [status, remoteAddress]),
      [[400, '192.0.2.1']]
    )
  })

  test('the head of a request has its own time behind it', async (t) => {
    const { port } = await start(t, {}, 300)
    const socket = await tcpClient(t, port, LINE, 'GET / HT')
    await untilText(socket, 'HTTP/1.1 408 ')
  })

  test('a stop waits for requests, and not for connections without a header', async (t) => {
    const { port, listener } = await start(t)
    const kept = await tcpClient(t, port, LINE, GET)
    await untilText(kept, 'fine')
    const silent = await tcpClient(t, port)
    assert.equal(await listener.stop(200), 0)
    await Promise.all([untilClosed(kept), untilClosed(silent)])
  })
})

suite('from a trusted peer, with TLS', () => {
  const OVER_TLS = { tls: true, http2: true }

  test('the header comes before the handshake, with or in front of it', async (t) => {
    const { port } = await start(t, OVER_TLS)
    for (const wait of [0, 50]) {
      const below = await tcpClient(t, port, BINARY)
      await delay(wait)
      const client = await tlsClient(t, port, { socket: below })
      client.write(GET)
      await client.untilText('fine over 1.1 for 2001:db8::1')
    }
  })

  test('the header and the handshake may come in one packet', async (t) => {
    const { port } = await start(t, OVER_TLS)
    const below = await tcpClient(t, port)
    below.cork()
    below.write(LINE)
    const handshake = tlsClient(t, port, { socket: below })
    setImmediate(() => below.uncork())
    const client = await handshake
    client.write(GET)
    await client.untilText('fine over 1.1 for 192.0.2.1')
  })

  test('HTTP/2 requests know the client as well', async (t) => {
    const { port } = await start(t, OVER_TLS)
    const below = await tcpClient(t, port, LINE)
    const { socket } = await tlsClient(t, port, { socket: below, ALPNProtocols: ['h2'] })
    socket.removeAllListeners('data')
    const session = connectHttp2(`https://localhost:${port}`, { createConnection: () => socket })
    t.after(() => session.destroy())
    for (const [path, wanted] of [
      ['/', 'fine over 2.0 for 192.0.2.1'],
      ['/port', 'from port 56324']
    ] as const) {
      const stream = session.request({ ':path': path })
      const [chunk] = (await once(stream, 'data')) as [Buffer]
      assert.equal(chunk.toString(), wanted)
    }
  })

  test('a handshake without a header is closed', async (t) => {
    const { port } = await start(t, OVER_TLS)
    await assert.rejects(tlsClient(t, port), { code: 'ECONNRESET' })
  })

  test('a header within TLS is a bad request', async (t) => {
    const { port } = await start(t, OVER_TLS)
    const client = await tlsClient(t, port, { socket: await tcpClient(t, port, LINE) })
    client.write(LINE + GET)
    await client.untilText('HTTP/1.1 400 ')
  })
})

suite('from anybody else', () => {
  const UNTRUSTED = { proxyProtocol: ['192.0.2.0/24', '2001:db8::/32'] }

  test('a connection is served as it is', async (t) => {
    const { port } = await start(t, UNTRUSTED)
    await untilText(await tcpClient(t, port, GET), 'fine over 1.1 for 127.0.0.1')
  })

  test('a header is a forgery, and a bad request', async (t) => {
    const { port, rawAnswers } = await start(t, UNTRUSTED)
    for (const header of [LINE, BINARY])
      await untilText(await tcpClient(t, port, header, GET), 'HTTP/1.1 400 ')
    assert.deepEqual(new Set(rawAnswers.map(({ remoteAddress }) => remoteAddress)), new Set(['127.0.0.1']))
  })

  test('with TLS, a header is a handshake that fails', async (t) => {
    const { port } = await start(t, { ...UNTRUSTED, tls: true, http2: true })
    const client = await tlsClient(t, port)
    client.write(GET)
    await client.untilText('fine over 1.1 for 127.0.0.1')
    await assert.rejects(tlsClient(t, port, { socket: await tcpClient(t, port, LINE) }))
  })
})
