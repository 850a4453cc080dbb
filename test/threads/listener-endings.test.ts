import assert from 'node:assert/strict'
import { before, suite, test, type TestContext } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { PLAIN, type TlsMaterial, type Transport } from '../../src/threads/messages.ts'
import { reservePort } from '../../src/threads/reserve-port.ts'
import { createAuthority } from '../helpers/certificates.ts'
import { rawClient } from '../helpers/raw-client.ts'
import { fields, frame, getFrame, rawHttp2, TYPE } from '../helpers/raw-http2.ts'
import { OVER_TLS, startListener, type TestListener, tlsMaterial } from '../helpers/test-listener.ts'
import { until } from '../helpers/until.ts'

/** Far above what an ending should take, far below what it took by a timeout. */
const SOON = 8_000

let material: TlsMaterial

before(async () => {
  const authority = await createAuthority()
  material = tlsMaterial([await authority.issue(['localhost'])])
})

/** A listener whose `/never` is not answered; clients that hold things up are given up soon. */
async function start(t: TestContext, transport: Transport, limits = {}): Promise<TestListener> {
  return await startListener(t, { transport, material, limits, routes: never })
}

function never(app: FastifyInstance): void {
  app.all('/never', (_request, reply) => void reply.hijack())
}

async function stopsWithin(milliseconds: number, stopped: Promise<unknown>): Promise<void> {
  const started = performance.now()
  await stopped
  const took = performance.now() - started
  assert.ok(took < milliseconds, `the stop took ${took} ms`)
}

suite('a stop keeps its deadline', () => {
  for (const [name, transport] of [
    ['plain', PLAIN],
    ['with PROXY headers', { ...PLAIN, proxyProtocol: ['10.0.0.0/8'] }]
  ] as const) {
    for (const [what, bytes] of [
      ['an upgrade waits', 'GET /never HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n'],
      [
        'CONNECT waits behind a request',
        'GET /never HTTP/1.1\r\nHost: a\r\n\r\nCONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n'
      ]
    ] as const) {
      test(`while ${what}, ${name}`, async (t) => {
        const { listener, port, generation } = await start(t, transport)
        const client = await rawClient(t, `http://127.0.0.1:${port}`)
        client.write(bytes)
        await until('it is under way', () => generation.active > 0)
        await stopsWithin(SOON, listener.stop(100))
        await client.closed
      })
    }
  }

  for (const [name, transport] of [
    ['plain', PLAIN],
    ['over TLS', OVER_TLS]
  ] as const) {
    test(`and does not wait for a connection that says nothing, ${name}`, async (t) => {
      const { listener, port } = await start(t, transport)
      const client = await rawClient(t, `http://127.0.0.1:${port}`)
      await stopsWithin(SOON, listener.stop(60_000))
      await client.closed
    })
  }
})

test('a listener that has moved still gives up clients that never finish a header', async (t) => {
  const { listener, port, address } = await start(t, PLAIN, { headersTimeout: 500 })
  const client = await rawClient(t, `http://127.0.0.1:${port}`)
  client.write('GET / HTTP/1.1\r\nHo')
  await listener.listen({ ...address, port: await reservePort('127.0.0.1', 0) })
  await client.closed
})

suite('a stream of HTTP/2 is counted out', () => {
  const NO_WINDOW = Buffer.from([0, 4, 0, 0, 0, 0])
  const limits = { headersTimeout: 300, keepAliveTimeout: 300, sendTimeout: 300 }
  const GOAWAY = frame(TYPE.goAway, 0, 0, Buffer.alloc(8))

  for (const [name, stray] of [
    ['DATA of no stream', frame(TYPE.data, 0, 0, Buffer.alloc(3))],
    ['DATA behind the end of a stream', frame(TYPE.data, 1, 1, Buffer.alloc(3))]
  ] as const) {
    test(`whose client says GOAWAY, then ${name}, and leaves`, async (t) => {
      const { port, generation } = await start(t, OVER_TLS, limits)
      const client = await rawHttp2(t, port)
      client.write(getFrame(1, '/never'))
      await until('it is under way', () => generation.active === 1)
      client.write(GOAWAY, stray)
      client.socket.end()
      await until('it is counted out', () => generation.active === 0)
    })
  }

  test('whose client reads nothing of the answer', async (t) => {
    const { port, generation } = await start(t, OVER_TLS, limits)
    const client = await rawHttp2(t, port)
    client.write(frame(TYPE.settings, 0, 0, NO_WINDOW), getFrame(1))
    await until('it was under way and is over', () => generation.active === 0 && client.socket.closed)
  })

  test('whose client reads nothing of a refusal', async (t) => {
    const { port } = await start(t, OVER_TLS, limits)
    const client = await rawHttp2(t, port)
    const refused = fields([':method', 'BOGUS'], [':scheme', 'https'], [':authority', 'a'], [':path', '/'])
    client.write(frame(TYPE.settings, 0, 0, NO_WINDOW), frame(TYPE.headers, 5, 1, refused))
    await until('its connection is over', () => client.socket.closed)
  })
})
