import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { before, suite, test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { PLAIN, type TlsMaterial, type Transport } from '../../src/threads/messages.ts'
import { createAuthority } from '../helpers/certificates.ts'
import { OVER_TLS, startListener, type TestListener, tlsMaterial } from '../helpers/test-listener.ts'
import { tcpClient, tlsClient } from '../helpers/tls-client.ts'
import { until } from '../helpers/until.ts'

const LIMITS = { headersTimeout: 300, requestTimeout: 600, keepAliveTimeout: 500 }
const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
/** What Node's server adds to the keep-alive timeout, and what a head may take. */
const IDLE = LIMITS.keepAliveTimeout + 1_000 + LIMITS.headersTimeout
/** Two seconds, and some for a busy machine. */
const SLACK = 4_000

/** A client's connection, by which protocol it may be. */
interface Dripper {
  readonly socket: Socket
  readonly text: () => string
}

const WAYS: readonly (readonly [name: string, transport: Transport])[] = [
  ['plain', PLAIN],
  ['over TLS', OVER_TLS]
]

let material: TlsMaterial

before(async () => {
  material = tlsMaterial([await (await createAuthority()).issue(['localhost'])])
})

async function start(t: TestContext, transport: Transport): Promise<TestListener> {
  return await startListener(t, { transport, material, limits: LIMITS })
}

/** Opens a connection, with its handshake done. */
async function connect(t: TestContext, { port }: TestListener, { tls }: Transport): Promise<Dripper> {
  return tls ? await tlsClient(t, port, { ALPNProtocols: ['http/1.1'] }) : dripper(await tcpClient(t, port))
}

function dripper(socket: Socket): Dripper {
  let text = ''
  socket.on('data', (chunk) => (text += chunk.toString('latin1')))
  return { socket, text: () => text }
}

/** Sends the same again and again until the connection is over, which has to be so many milliseconds from now. */
async function drip(
  t: TestContext,
  { socket }: Dripper,
  bytes: string | Buffer,
  timeout: number
): Promise<void> {
  const timer = setInterval(() => socket.write(bytes), 50)
  t.after(() => clearInterval(timer))
  await until('it is closed', () => socket.closed, timeout + SLACK)
  clearInterval(timer)
}

suite('bytes that bring nothing keep no connection', { concurrency: true }, () => {
  for (const [name, transport] of WAYS) {
    test(`empty lines behind a request, ${name}`, async (t) => {
      const client = await connect(t, await start(t, transport), transport)
      client.socket.write(GET)
      await until('it is answered', () => client.text().includes('fine'))
      await drip(t, client, '\r\n', IDLE)
    })

    test(`empty lines before a request, ${name}`, async (t) => {
      const client = await connect(t, await start(t, transport), transport)
      await drip(t, client, '\r\n', LIMITS.headersTimeout)
    })

    test(`a client that asks again in time is served for as long as it likes, ${name}`, async (t) => {
      const client = await connect(t, await start(t, transport), transport)
      let answers = 0
      for (const begun = performance.now(); performance.now() - begun < 1.5 * IDLE; answers++) {
        client.socket.write(GET)
        await until('it is answered', () => client.text().split('fine').length === answers + 2)
        await delay(100)
      }
      assert.ok(answers > 2)
    })
  }

  test('a TLS handshake that comes byte by byte', async (t) => {
    const { port } = await start(t, OVER_TLS)
    const client = dripper(await tcpClient(t, port))
    // A ClientHello of 16 KiB is on its way.
    client.socket.write(Buffer.from('1603013ffc01003ff80303', 'hex'))
    await drip(t, client, Buffer.from([1]), LIMITS.headersTimeout)
  })

  test('a PROXY protocol header that comes byte by byte', async (t) => {
    const { port } = await start(t, { ...PLAIN, proxyProtocol: ['127.0.0.1'] })
    const client = dripper(await tcpClient(t, port, 'PROXY TCP4 '))
    await drip(t, client, '1', LIMITS.headersTimeout)
  })
})

test('a head that is not read yet, behind requests that wait, is not late', async (t) => {
  const waiting: (() => void)[] = []
  const { port } = await startListener(t, {
    limits: LIMITS,
    routes: (app) =>
      app.get('/held', async () => {
        await new Promise<void>((resolve) => waiting.push(resolve))
        return 'held'
      })
  })
  const client = dripper(await tcpClient(t, port))
  client.socket.write(GET.replace('/', '/held') + GET.repeat(20) + GET.slice(0, 10))
  await until('the first one is held', () => waiting.length === 1)
  client.socket.write(GET.slice(10))
  await delay(2 * LIMITS.headersTimeout + 500)
  waiting[0]!()
  await until('all are answered', () => client.text().split('fine').length === 22)
  assert.doesNotMatch(client.text(), /HTTP\/1\.1 408/)
})
