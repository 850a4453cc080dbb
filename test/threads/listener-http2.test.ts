import assert from 'node:assert/strict'
import { once } from 'node:events'
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type IncomingHttpHeaders
} from 'node:http2'
import { before, suite, test, type TestContext } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { createAuthority, type IssuedCertificate } from '../helpers/certificates.ts'
import { FLAG, fields, frame, getFields, getFrame, rawHttp2, TYPE } from '../helpers/raw-http2.ts'
import {
  OVER_TLS,
  slowly,
  startListener,
  type TestListener,
  type TestListenerOptions,
  tlsMaterial
} from '../helpers/test-listener.ts'
import { until } from '../helpers/until.ts'

let certificate: IssuedCertificate

before(async () => {
  const authority = await createAuthority()
  certificate = await authority.issue(['localhost'])
})

async function start(t: TestContext, options: TestListenerOptions = {}): Promise<TestListener> {
  const material = tlsMaterial([certificate])
  return await startListener(t, { transport: OVER_TLS, material, routes: neverAndEcho, ...options })
}

function neverAndEcho(app: FastifyInstance): void {
  app.all('/never', () => new Promise(() => {}))
  app.post('/echo', (request, reply) => {
    void reply.send(request.body)
  })
}

async function open(t: TestContext, { url }: TestListener): Promise<ClientHttp2Session> {
  const session = connect(url, { rejectUnauthorized: false })
  t.after(() => session.destroy())
  session.on('error', () => {})
  await once(session, 'connect')
  return session
}

/** A request whose stream may break. */
function ask(session: ClientHttp2Session, headers: Record<string, string>, body?: string): ClientHttp2Stream {
  const stream = session.request({ ':path': '/', ...headers }, { endStream: body === undefined })
  stream.on('error', () => {})
  if (body !== undefined) stream.end(body)
  return stream
}

async function answerOf(stream: ClientHttp2Stream): Promise<{ headers: IncomingHttpHeaders; body: string }> {
  let body = ''
  stream.setEncoding('utf8').on('data', (chunk: string) => (body += chunk))
  const response = once(stream, 'response') as Promise<[IncomingHttpHeaders]>
  const [[headers]] = await Promise.all([response, once(stream, 'end')])
  return { headers, body }
}

suite('requests over HTTP/2', () => {
  test('go to the app and are counted', async (t) => {
    const started = await start(t)
    const session = await open(t, started)
    const held = ask(session, { ':path': '/never' })
    await until('it is counted', () => started.generation.active === 1)
    const { headers, body } = await answerOf(ask(session, {}))
    assert.equal(headers[':status'], 200)
    assert.equal(body, 'fine over 2.0 for 127.0.0.1')
    held.close()
    await until('it is counted out', () => started.generation.active === 0)
  })

  test('run side by side, with their bodies', async (t) => {
    const session = await open(t, await start(t))
    const bodies = Array.from({ length: 50 }, (_, index) => String(index).repeat(2000))
    const answers = await Promise.all(
      bodies.map((body) => {
        const head = { ':method': 'POST', ':path': '/echo', 'content-type': 'text/plain' }
        return answerOf(ask(session, head, body))
      })
    )
    assert.deepEqual(
      answers.map(({ body }) => body),
      bodies
    )
  })

  for (const method of ['GET', 'HEAD', 'POST']) {
    test(`are counted out when their client resets them: ${method}`, async (t) => {
      const started = await start(t)
      const session = await open(t, started)
      const stream = ask(session, { ':method': method, ':path': '/never' })
      await until('it is counted', () => started.generation.active === 1)
      stream.close(8)
      await until('it is counted out', () => started.generation.active === 0)
      assert.equal((await answerOf(ask(session, {}))).headers[':status'], 200)
    })
  }

  test('are counted out when their connection breaks', async (t) => {
    const started = await start(t)
    const session = await open(t, started)
    for (let count = 0; count < 5; count++) ask(session, { ':path': '/never' })
    await until('they are counted', () => started.generation.active === 5)
    session.destroy()
    await until('they are counted out', () => started.generation.active === 0)
  })

  test('CONNECT, and what asks for a tunnel by RFC 8441, are refused while the session goes on', async (t) => {
    const { port, rawAnswers } = await start(t)
    const client = await rawHttp2(t, port)
    const connectFields = fields([':method', 'CONNECT'], [':authority', 'example.com:443'])
    const extended = [':protocol', 'websocket'] as const
    const path = [
      [':scheme', 'https'],
      [':path', '/'],
      [':authority', 'localhost']
    ] as const
    client.write(
      frame(TYPE.headers, FLAG.endHeaders, 1, connectFields),
      frame(TYPE.data, FLAG.none, 1, Buffer.from('tunnelled')),
      frame(TYPE.headers, FLAG.endHeaders, 3, fields([':method', 'CONNECT'], extended, ...path)),
      getFrame(5)
    )
    assert.match((await client.untilFrame(TYPE.data, 1)).payload.toString(), /"status":501/)
    assert.equal((await client.untilFrame(TYPE.resetStream, 1)).payload.readUInt32BE(), 0)
    assert.equal((await client.untilFrame(TYPE.resetStream, 3)).payload.readUInt32BE(), 1)
    assert.match((await client.untilFrame(TYPE.data, 5)).payload.toString(), /^fine/)
    const [settings] = client.frames.filter(({ type }) => type === TYPE.settings)
    const ids = Array.from({ length: settings!.payload.length / 6 }, (_, index) =>
      settings!.payload.readUInt16BE(index * 6)
    )
    assert.ok(
      !ids.includes(8) || settings!.payload.readUInt32BE(ids.indexOf(8) * 6 + 2) === 0,
      'no CONNECT protocol'
    )
    assert.deepEqual(
      rawAnswers.map(({ status, reason, remoteAddress }) => [status, reason, remoteAddress]),
      [[501, 'method_not_implemented', '127.0.0.1']]
    )
  })

  test('with a header that is too large are 431, acknowledged settings or not', async (t) => {
    const started = await start(t)
    const { headers, body } = await answerOf(ask(await open(t, started), { 'x-large': 'x'.repeat(17_000) }))
    assert.equal(headers[':status'], 431)
    assert.equal(headers['content-type'], 'application/problem+json')
    assert.match(body, /The header of the request is too large/)
    const client = await rawHttp2(t, started.port)
    const half = 'y'.repeat(12_000)
    client.write(
      frame(TYPE.headers, FLAG.endStream, 1, getFields('/', ['x-one', half])),
      frame(TYPE.continuation, FLAG.endHeaders, 1, fields(['x-two', half])),
      getFrame(3)
    )
    assert.match((await client.untilFrame(TYPE.data, 1)).payload.toString(), /"status":431/)
    await client.untilFrame(TYPE.data, 3)
    const head = await answerOf(
      ask(await open(t, started), { ':method': 'HEAD', 'x-large': 'x'.repeat(17_000) })
    )
    assert.equal(head.headers[':status'], 431)
  })

  test('wait for a 100 from whoever answers them', async (t) => {
    const session = await open(t, await start(t))
    for (const expect of ['100-continue', '100-Continue']) {
      const stream = session.request({ ':method': 'POST', ':path': '/never', expect })
      stream.on('error', () => {})
      const told = await Promise.race([
        once(stream, 'headers').then(() => true),
        answerOf(ask(session, {})).then(() => false)
      ])
      assert.equal(told, false, 'the listener sends none by itself')
      stream.close()
    }
  })
})

suite('a session', () => {
  test('that has nothing to ask is closed after a while, with a GOAWAY', async (t) => {
    const { port } = await start(t, { limits: { headersTimeout: 500, keepAliveTimeout: 60_000 } })
    const client = await rawHttp2(t, port)
    const goAway = await client.untilFrame(TYPE.goAway)
    assert.equal(goAway.payload.readUInt32BE(4), 0)
    await client.closed
  })

  test('that is idle is closed after the keep-alive timeout, not while a stream is open', async (t) => {
    const { port } = await start(t, { limits: { keepAliveTimeout: 500 } })
    const [idle, busy] = [await rawHttp2(t, port), await rawHttp2(t, port)]
    busy.write(getFrame(1, '/never'), getFrame(3))
    idle.write(getFrame(1))
    await Promise.all([idle.untilFrame(TYPE.goAway), idle.closed])
    busy.write(getFrame(5))
    await busy.untilFrame(TYPE.data, 5)
    assert.equal(busy.isClosed(), false)
  })

  test('whose header never ends is closed, and a stream that is open goes on until then', async (t) => {
    const limits = { headersTimeout: 400 }
    const started = await start(t, {
      limits,
      routes: (app) => app.get('/slow', async () => await slowly('slow'))
    })
    const client = await rawHttp2(t, started.port)
    client.write(getFrame(1, '/slow'), frame(TYPE.headers, FLAG.endStream, 3, getFields('/')))
    const dribble = setInterval(() => {
      client.write(frame(TYPE.continuation, FLAG.none, 3, Buffer.alloc(0)))
    }, 150)
    t.after(() => clearInterval(dribble))
    await client.closed
    assert.equal((await client.untilFrame(TYPE.data, 1)).payload.toString(), 'slow')
  })

  test('whose client does not read is closed all the same once it has ended', async (t) => {
    const { port } = await start(t, { limits: { headersTimeout: 200 } })
    const client = await rawHttp2(t, port)
    client.socket.pause()
    const pings = Array.from({ length: 900 }, () => frame(TYPE.ping, FLAG.none, 0, Buffer.alloc(8)))
    const timer = setInterval(() => client.write(...pings), 20)
    t.after(() => clearInterval(timer))
    client.socket.on('error', () => client.socket.destroy())
    await client.closed
  })

  test('ends when its client ends the connection', async (t) => {
    const started = await start(t)
    const client = await rawHttp2(t, started.port)
    client.write(getFrame(1, '/never'))
    await until('it is under way', () => started.generation.active === 1)
    client.socket.end()
    await until('it is over', () => started.generation.active === 0)
    await client.closed
  })

  test('over TLS 1.2 is one as well', async (t) => {
    const { url } = await start(t)
    const session = connect(url, { rejectUnauthorized: false, maxVersion: 'TLSv1.2' })
    t.after(() => session.destroy())
    assert.equal((await answerOf(ask(session, {}))).headers[':status'], 200)
  })
})

suite('when the listener drains', () => {
  test('clients are told to go elsewhere, and streams end as they would', async (t) => {
    const routes = (app: FastifyInstance): void => void app.get('/slow', async () => await slowly('slow'))
    const started = await start(t, { routes })
    const [idle, busy] = [await rawHttp2(t, started.port), await rawHttp2(t, started.port)]
    busy.write(getFrame(1, '/slow'))
    await until('it is under way', () => started.generation.active === 1)
    started.listener.drain()
    const goAway = await busy.untilFrame(TYPE.goAway)
    assert.equal(goAway.payload.readUInt32BE(0), 1, 'the last stream that is taken')
    assert.equal(goAway.payload.readUInt32BE(4), 0, 'nobody is to blame')
    await idle.untilFrame(TYPE.goAway)
    await idle.closed
    assert.equal((await busy.untilFrame(TYPE.data, 1)).payload.toString(), 'slow')
    await busy.closed
  })

  test('a new client is served until the listener leaves, with all that it asks at once, and told then', async (t) => {
    const started = await start(t)
    started.listener.drain()
    const client = await rawHttp2(t, started.port)
    client.write(getFrame(1), getFrame(3), getFrame(5))
    await client.untilFrame(TYPE.data, 1)
    // On its way while the others are answered.
    client.write(getFrame(7))
    for (const stream of [3, 5, 7]) await client.untilFrame(TYPE.data, stream)
    assert.ok(!client.frames.some(({ type }) => type === TYPE.goAway))
    assert.equal(await started.listener.stop(20_000), 0)
    assert.equal((await client.untilFrame(TYPE.goAway)).payload.readUInt32BE(0), 7)
  })

  test('a stop waits for streams, and cuts and counts those that are left', async (t) => {
    const routes = (app: FastifyInstance): void => {
      neverAndEcho(app)
      app.get('/slow', async () => await slowly('slow'))
    }
    const started = await start(t, { routes })
    const session = await open(t, started)
    const slow = answerOf(ask(session, { ':path': '/slow' }))
    const never = [1, 2, 3].map(() => ask(session, { ':path': '/never' }))
    const broken = Promise.all(never.map((stream) => once(stream, 'close')))
    await until('all are under way', () => started.generation.active === 4)
    assert.equal(await started.listener.stop(1_000), 3)
    assert.equal((await slow).body, 'slow')
    await broken
    await until('all are counted out', () => started.generation.active === 0)
  })

  test('a stop without streams does not wait for clients to close', async (t) => {
    const started = await start(t)
    const client = await rawHttp2(t, started.port)
    client.write(getFrame(1))
    await client.untilFrame(TYPE.data, 1)
    client.socket.allowHalfOpen = true
    assert.equal(await started.listener.stop(20_000), 0)
  })
})
