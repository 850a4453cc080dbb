import assert from 'node:assert/strict'
import { before, suite, test, type TestContext } from 'node:test'
import Fastify from 'fastify'
import { Generation } from '../../src/threads/generation.ts'
import { OWN_LIMITS } from '../../src/threads/client-limits.ts'
import { Listener } from '../../src/threads/listener.ts'
import { PLAIN, type TlsMaterial, type Transport } from '../../src/threads/messages.ts'
import { reservePort } from '../../src/threads/reserve-port.ts'
import { createAuthority } from '../helpers/certificates.ts'
import { rawClient } from '../helpers/raw-client.ts'
import { FLAG, getFrame, rawHttp2, TYPE, frame } from '../helpers/raw-http2.ts'
import { OVER_TLS, startListener, type TestListener, tlsMaterial } from '../helpers/test-listener.ts'
import { tcpClient, tlsClient, untilClosed } from '../helpers/tls-client.ts'
import { until } from '../helpers/until.ts'

const GET = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'
const HELD = GET.replace('/', '/held')

let material: TlsMaterial

before(async () => {
  const authority = await createAuthority()
  material = tlsMaterial([await authority.issue(['localhost'])])
})

/** A listener whose `/held` is answered when the test says so. */
async function start(
  t: TestContext,
  transport: Transport
): Promise<TestListener & { release: () => void; move: (to: Partial<Transport>) => Promise<void> }> {
  const waiting: (() => void)[] = []
  const started = await startListener(t, {
    transport,
    material,
    routes: (app) =>
      app.get('/held', async () => await new Promise((resolve) => waiting.push(() => resolve('held'))))
  })
  return {
    ...started,
    release: () => waiting.splice(0).forEach((answer) => answer()),
    move: async (to) => {
      await started.listener.listen({ ...started.address, transport: { ...transport, ...to } })
    }
  }
}

async function serves(t: TestContext, port: number, transport: Partial<Transport>): Promise<void> {
  const header = transport.proxyProtocol ? ['PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n'] : []
  const address = transport.proxyProtocol ? '192.0.2.1' : '127.0.0.1'
  const below = await tcpClient(t, port, ...header)
  let text = ''
  const socket = transport.tls ? (await tlsClient(t, port, { socket: below })).socket : below
  socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk))
  socket.write(GET)
  await until(`it is served, not only "${text}"`, () => text.includes(`fine over 1.1 for ${address}`))
}

const PROXIED = { proxyProtocol: ['127.0.0.1'] }
const KINDS: readonly (readonly [name: string, transport: Transport])[] = [
  ['plain', PLAIN],
  ['TLS', OVER_TLS],
  ['PROXY protocol', { ...PLAIN, ...PROXIED }],
  ['PROXY protocol and TLS', { ...OVER_TLS, ...PROXIED }]
]

suite('another transport on the same port', () => {
  for (const [from, transport] of KINDS) {
    for (const [to, next] of KINDS) {
      if (from === to) continue
      test(`is served at once when it changes from ${from} to ${to}`, async (t) => {
        const { port, move } = await start(t, transport)
        await serves(t, port, transport)
        await move(next)
        await serves(t, port, next)
        await move(transport)
        await serves(t, port, transport)
      })
    }
  }

  test('lets the requests of the one before end, and their connections with them', async (t) => {
    const { port, url, move, generation, release } = await start(t, PLAIN)
    const [idle, busy] = [await rawClient(t, url), await rawClient(t, url)]
    idle.write(GET)
    await idle.untilText('fine')
    busy.write(HELD)
    await until('it is under way', () => generation.active === 1)
    await move(OVER_TLS)
    await idle.closed
    await serves(t, port, OVER_TLS)
    release()
    await busy.closed
    assert.match(busy.text(), /\r\nConnection: close\r\n[^]*held$/i)
  })

  test('lets the streams and TLS connections of the one before end as well', async (t) => {
    const { port, move, generation, release } = await start(t, OVER_TLS)
    const [idle, busy, other] = [await tlsClient(t, port), await tlsClient(t, port), await rawHttp2(t, port)]
    idle.write(GET)
    await idle.untilText('fine')
    busy.write(HELD)
    other.write(getFrame(1, '/held'))
    await until('both are under way', () => generation.active === 2)
    await move({ http2: false })
    await Promise.all([idle.closed, other.untilFrame(TYPE.goAway)])
    await serves(t, port, OVER_TLS)
    release()
    await Promise.all([busy.closed, other.closed])
    assert.match(busy.text(), /\r\nConnection: close\r\n[^]*held$/i)
    assert.equal((await other.untilFrame(TYPE.data, 1)).payload.toString(), 'held')
  })

  test('gives no new connection of HTTP/2 once that is off', async (t) => {
    const { port, move } = await start(t, OVER_TLS)
    await move({ http2: false })
    const { socket } = await tlsClient(t, port, { ALPNProtocols: ['h2', 'http/1.1'] })
    assert.equal(socket.alpnProtocol, 'http/1.1')
  })

  test('that asks for other proxies is another one', async (t) => {
    const { port, move } = await start(t, { ...PLAIN, ...PROXIED })
    await move({ proxyProtocol: ['192.0.2.1'] })
    await serves(t, port, PLAIN)
  })

  test('that can not be had changes nothing', async (t) => {
    const { listener, address } = await bare(t)
    await assert.rejects(listener.listen({ ...address, transport: OVER_TLS }), /certificates/)
    await serves(t, address.port, PLAIN)
  })

  test('of two threads that share the port is served beside the old one', async (t) => {
    const { listener, address } = await bare(t, true)
    listener.secure(material)
    await listener.listen({ ...address, transport: OVER_TLS })
    await serves(t, address.port, OVER_TLS)
  })
})

suite('another host on the same port', () => {
  test('is listened on without sharing the port', async (t) => {
    const { listener, address, port } = await start(t, PLAIN)
    await listener.listen({ ...address, host: '0.0.0.0' })
    await serves(t, port, PLAIN)
    await listener.listen({ ...address, host: '127.0.0.1' })
    await serves(t, port, PLAIN)
  })

  for (const [name, transport] of KINDS) {
    test(`that this machine does not have changes nothing, with ${name}`, async (t) => {
      const { listener, address, port, url } = await start(t, transport)
      const kept = transport === PLAIN ? await rawClient(t, url) : undefined
      await assert.rejects(listener.listen({ ...address, host: '192.0.2.1' }), { code: 'EADDRNOTAVAIL' })
      kept?.write(GET)
      await kept?.untilText('fine')
      await serves(t, port, transport)
      await listener.listen(address)
      await serves(t, port, transport)
    })
  }

  test('is refused while somebody else listens there, and nothing changes', async (t) => {
    const [one, other] = [await start(t, PLAIN), await start(t, PLAIN)]
    const taken = one.listener.listen({ ...one.address, port: other.port })
    await assert.rejects(taken, { code: 'EADDRINUSE' })
    await serves(t, one.port, PLAIN)
  })
})

suite('the same address', () => {
  test('leaves server and connections alone', async (t) => {
    const { listener, address, port } = await start(t, OVER_TLS)
    const [kept, session] = [await tlsClient(t, port), await rawHttp2(t, port)]
    await listener.listen({ ...address, transport: { ...OVER_TLS } })
    kept.write(GET)
    await kept.untilText('fine')
    session.write(getFrame(1), frame(TYPE.ping, FLAG.none, 0, Buffer.alloc(8)))
    await session.untilFrame(TYPE.data, 1)
    assert.ok(!session.frames.some(({ type }) => type === TYPE.goAway))
  })
})

test('a stop breaks what an earlier transport still has', async (t) => {
  const { port, move, generation, listener } = await start(t, OVER_TLS)
  const [busy, other, silent] = [await tlsClient(t, port), await rawHttp2(t, port), await tcpClient(t, port)]
  busy.write(HELD)
  other.write(getFrame(1, '/held'))
  await until('both are under way', () => generation.active === 2)
  await move(PLAIN)
  assert.equal(await listener.stop(100), 2)
  await Promise.all([busy.closed, other.closed, untilClosed(silent)])
})

/** A plain listener without certificates. */
async function bare(
  t: TestContext,
  reusePort = false
): Promise<{ listener: Listener; address: TestListener['address'] }> {
  const app = Fastify()
  app.get('/', (request, reply) => reply.send(`fine over ${request.raw.httpVersion} for ${request.ip}`))
  await app.ready()
  const generation = new Generation(1, app)
  const listener = new Listener()
  listener.serve(generation)
  const port = await reservePort('127.0.0.1', 0)
  const address = { host: '127.0.0.1', port, reusePort, transport: PLAIN, limits: OWN_LIMITS }
  await listener.listen(address)
  t.after(async () => {
    await listener.stop(0)
    await generation.close(true)
  })
  return { listener, address }
}
