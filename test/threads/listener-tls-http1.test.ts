import assert from 'node:assert/strict'
import { once } from 'node:events'
import { before, suite, test, type TestContext } from 'node:test'
import { type Authority, createAuthority, type IssuedCertificate } from '../helpers/certificates.ts'
import {
  OVER_TLS,
  slowly,
  startListener,
  type TestListener,
  type TestListenerOptions,
  tlsMaterial
} from '../helpers/test-listener.ts'
import { tcpClient, tlsClient, untilClosed } from '../helpers/tls-client.ts'
import { until } from '../helpers/until.ts'

const GET = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'

let authority: Authority
let first: IssuedCertificate

before(async () => {
  authority = await createAuthority()
  first = await authority.issue(['localhost'])
})

async function start(t: TestContext, options: TestListenerOptions = {}): Promise<TestListener> {
  return await startListener(t, { transport: OVER_TLS, material: tlsMaterial([first]), ...options })
}

suite('HTTP/1.1 over TLS', () => {
  test('pipelined requests are answered in turn, on one connection', async (t) => {
    const { port } = await start(t, { routes: (app) => app.get('/slow', async () => await slowly('slow')) })
    const client = await tlsClient(t, port)
    client.write(GET.replace('/', '/slow') + GET + GET.replace('/', '/nothing') + GET)
    await until('all are answered', () => client.text().split('HTTP/1.1 ').length === 5)
    const answers = client.text().split('HTTP/1.1 ').slice(1)
    assert.match(answers[0]!, /^200 OK[^]*slow$/)
    assert.match(answers[1]!, /^200 OK[^]*fine/)
    assert.match(answers[2]!, /^404 /)
    assert.match(answers[3]!, /^200 OK[^]*fine/)
  })

  test('a client that half-closes gets its answer', async (t) => {
    const { port } = await start(t, { routes: (app) => app.get('/slow', async () => await slowly('slow')) })
    const client = await tlsClient(t, port)
    client.socket.end(GET.replace('/', '/slow'))
    assert.ok(client.socket.writableEnded)
    await client.untilText('slow')
    await client.closed
  })

  test('a client that leaves is noticed before there is an answer', async (t) => {
    const { port, generation } = await start(t, {
      routes: (app) => app.get('/never', () => new Promise(() => {}))
    })
    const client = await tlsClient(t, port)
    client.write(GET.replace('/', '/never'))
    await until('it is under way', () => generation.active === 1)
    client.socket.destroy()
    await until('it is over', () => generation.active === 0)
  })

  test('garbage is 400, a late header 408, an idle connection closed', async (t) => {
    const { port, rawAnswers } = await start(t, { limits: { headersTimeout: 300, keepAliveTimeout: 1 } })
    const garbage = await tlsClient(t, port)
    garbage.write('nonsense\r\n\r\n')
    await garbage.untilText('HTTP/1.1 400 ')
    const late = await tlsClient(t, port)
    late.write('GET / HTTP/1.1\r\nHo')
    await late.untilText('HTTP/1.1 408 ')
    const idle = await tlsClient(t, port)
    idle.write(GET)
    await idle.untilText('fine')
    await idle.closed
    assert.deepEqual(
      rawAnswers.map(({ status }) => status),
      [400, 408]
    )
  })

  test('a response that is reset is cut without the end that TLS has for whole ones', async (t) => {
    const { port } = await start(t, {
      routes: (app) =>
        app.get('/cut', (_request, reply) => {
          reply.hijack()
          reply.raw.write('half')
          setImmediate(() => reply.raw.socket!.resetAndDestroy())
        })
    })
    const client = await tlsClient(t, port)
    const error = once(client.socket, 'error')
    client.write('GET /cut HTTP/1.0\r\n\r\n')
    const [{ code }] = (await Promise.race([error, client.closed.then(() => [{}])])) as [{ code?: string }]
    assert.equal(code, 'ECONNRESET')
  })

  test('a broken record ends the connection, and nothing else', async (t) => {
    const { port, rawAnswers } = await start(t)
    const below = await tcpClient(t, port)
    const client = await tlsClient(t, port, { socket: below })
    client.write(GET)
    await client.untilText('fine')
    below.write(Buffer.from('\x17\x03\x03\x00\x20' + 'x'.repeat(32), 'latin1'))
    await untilClosed(below)
    const other = await tlsClient(t, port)
    other.write(GET)
    await other.untilText('fine')
    assert.deepEqual(rawAnswers, [])
  })

  test('while it drains, responses close their connections; at the stop idle ones are closed', async (t) => {
    const { port, listener } = await start(t)
    const [idle, kept] = [await tlsClient(t, port), await tlsClient(t, port)]
    idle.write(GET)
    await idle.untilText('fine')
    listener.drain()
    kept.write(GET)
    await kept.closed
    assert.match(kept.text(), /\r\nConnection: close\r\n/i)
    assert.equal(await listener.stop(60_000), 0)
    await idle.closed
  })

  test('what is left at the end of a stop is cut and counted, handshakes not', async (t) => {
    const { port, listener, generation } = await start(t, {
      routes: (app) => app.get('/never', () => new Promise(() => {}))
    })
    const client = await tlsClient(t, port)
    client.write(GET.replace('/', '/never'))
    const silent = await tcpClient(t, port)
    await until('it is under way', () => generation.active === 1)
    assert.equal(await listener.stop(100), 1)
    await Promise.all([client.closed, untilClosed(silent)])
    await until('it is over', () => generation.active === 0)
  })
})
