import assert from 'node:assert/strict'
import { constants } from 'node:http2'
import { test, type TestContext } from 'node:test'
import { startRawBackend } from '../forwarding/http1/raw-backend.ts'
import { FLAG, FRAME, type FrameClient, frameClient, headerBlock } from '../helpers/http2-frames.ts'
import { forwardAll, startHttp2Lab } from '../helpers/http2-lab.ts'
import { OK, startHttp2Wire } from '../helpers/http2-wire.ts'

const { NGHTTP2_PROTOCOL_ERROR } = constants

const PSEUDO = [':method', 'GET', ':scheme', 'https', ':path', '/', ':authority', 'shop.test']

interface Forger {
  readonly client: FrameClient
  /** Sends a header on a stream of its own. @returns The stream. */
  readonly send: (fields: readonly string[], flags?: number) => number
  /** What the backend has got so far. */
  readonly received: () => string
}

/** A client that sends what Node's refuses to. */
async function startForger(t: TestContext, isAnswered = true): Promise<Forger> {
  const backend = await startRawBackend(t, ({ send }) => {
    if (isAnswered) send(OK)
  })
  const lab = await startHttp2Lab(t, forwardAll(backend.url))
  const client = await frameClient(t, lab.url, lab.ca)
  let last = -1
  return {
    client,
    send: (fields, flags = FLAG.END_STREAM) => {
      last += 2
      client.send(FRAME.HEADERS, flags | FLAG.END_HEADERS, last, headerBlock(fields))
      return last
    },
    received: () => backend.connections.map((connection) => connection.received()).join('')
  }
}

test('what makes a message malformed resets its stream, and no backend hears of it (RFC 9113 section 8.1.1)', async (t) => {
  const { client, send, received } = await startForger(t)
  const malformed: Record<string, readonly string[]> = {
    connection: [...PSEUDO, 'connection', 'close'],
    'keep-alive': [...PSEUDO, 'keep-alive', 'timeout=5'],
    'proxy-connection': [...PSEUDO, 'proxy-connection', 'close'],
    upgrade: [...PSEUDO, 'upgrade', 'websocket'],
    'transfer-encoding': [...PSEUDO, 'transfer-encoding', 'chunked'],
    'another te': [...PSEUDO, 'te', 'gzip'],
    'a name in upper case': [...PSEUDO, 'X-Upper', '1'],
    'an unknown pseudo-header field': [...PSEUDO, ':forged', '1'],
    'a pseudo-header field of responses': [...PSEUDO, ':status', '200'],
    'a pseudo-header field behind others': [...PSEUDO.slice(0, 6), 'x-a', '1', ...PSEUDO.slice(6)],
    'two authorities': [...PSEUDO, ':authority', 'other.test'],
    'an authority with a user': [...PSEUDO.slice(0, 6), ':authority', 'user@shop.test'],
    'no path': PSEUDO.slice(0, 4),
    'an empty path': [...PSEUDO.slice(0, 4), ':path', '', ...PSEUDO.slice(6)],
    'a path without a slash': [...PSEUDO.slice(0, 4), ':path', 'http://x/', ...PSEUDO.slice(6)],
    'no authority and no host': PSEUDO.slice(0, 6),
    'two lengths': [...PSEUDO, 'content-length', '1', 'content-length', '2'],
    'a length that is none': [...PSEUDO, 'content-length', '1x'],
    'a length without a body': [...PSEUDO, 'content-length', '5']
  }
  for (const [name, fields] of Object.entries(malformed)) {
    const { payload } = await client.untilFrame(FRAME.RST_STREAM, send(fields))
    assert.equal(payload.readUInt32BE(0), NGHTTP2_PROTOCOL_ERROR, name)
  }
  assert.equal(received(), '')
  await client.untilFrame(FRAME.HEADERS, send(PSEUDO))
})

test('a body that is shorter than its Content-Length resets the stream, a longer one ends the connection', async (t) => {
  const { client, send, received } = await startForger(t, false)
  for (const [body, type] of [
    ['1234', FRAME.RST_STREAM],
    ['123456', FRAME.GOAWAY]
  ] as const) {
    const stream = send([...PSEUDO, 'content-length', '5'], 0)
    client.send(FRAME.DATA, FLAG.END_STREAM, stream, Buffer.from(body))
    await client.untilFrame(type, type === FRAME.GOAWAY ? 0 : stream)
  }
  assert.doesNotMatch(received(), /12345/)
})

test('fields whose names or values would break a message of HTTP/1.1 do not go on', async (t) => {
  const { client, send, received } = await startForger(t)
  const forged = ['x-a', 'b\r\nx-forged: 1', 'x-b: 1\r\nx-forged', '2', 'x c', '3', 'x-nul', 'a\0b', '', '4']
  await client.untilFrame(FRAME.HEADERS, send([...PSEUDO, ...forged, 'x-good', '5']))
  assert.match(received(), /\r\nx-good: 5\r\n/)
  assert.doesNotMatch(received(), /forged|x-a|x-b|x c|x-nul|\r\n: 4/)
})

test('the Host is the authority, and a request that names two is refused', async (t) => {
  const { exchange, lab } = await startHttp2Wire(t)
  const refused: [string, object][] = [
    ['host_mismatch', { ':authority': 'shop.test', host: 'other.test' }],
    ['host_mismatch', { ':authority': 'shop.test', host: 'shop.test:443' }],
    ['host_invalid', { ':authority': 'shop.test:port' }],
    ['scheme_invalid', { ':scheme': 'ftp' }],
    ['dot_segment', { ':path': '/a/../b' }],
    ['dot_segment', { ':path': '/a/%2e%2e/b' }],
    ['target_invalid', { ':path': '/a#b' }]
  ]
  for (const [reason, headers] of refused) {
    const { status, received } = await exchange({ ...headers })
    assert.deepEqual([status, received], [400, ''], reason)
    assert.equal((await lab.nextLine()).reason, reason)
  }
  const same = await exchange({ ':authority': 'shop.test', host: 'SHOP.test' })
  assert.match(same.received, /^GET \/ HTTP\/1\.1\r\nhost: shop\.test\r\n/)
})

test('a Host alone will do', async (t) => {
  const { client, send, received } = await startForger(t)
  await client.untilFrame(FRAME.HEADERS, send([...PSEUDO.slice(0, 6), 'host', 'own.test']))
  assert.match(received(), /\r\nhost: own\.test\r\n/)
  assert.match(received(), /\r\nX-Forwarded-Host: own\.test\r\n/)
  await client.untilFrame(FRAME.RST_STREAM, send([...PSEUDO.slice(0, 6), 'host', 'a.test', 'host', 'b.test']))
  assert.doesNotMatch(received(), /a\.test/)
})

test('what a client says of where it came from is replaced', async (t) => {
  const { exchange } = await startHttp2Wire(t)
  const forged = {
    'x-forwarded-for': '192.0.2.1',
    'x-forwarded-proto': 'http',
    'x-forwarded-host': 'evil.test'
  }
  const { received } = await exchange({ ...forged, forwarded: 'for=192.0.2.1', x_forwarded_for: '192.0.2.1' })
  assert.doesNotMatch(received, /192\.0\.2\.1|evil/)
  assert.match(received, /X-Forwarded-For: 127\.0\.0\.1\r\nX-Forwarded-Proto: https\r\n/)
})

test('a tunnel is refused, WebSocket over HTTP/2 included (RFC 8441)', async (t) => {
  const { client, send } = await startForger(t)
  await client.untilFrame(FRAME.HEADERS, send([':method', 'CONNECT', ':authority', 'shop.test:443'], 0))
  const extended = [':method', 'CONNECT', ':protocol', 'websocket', ...PSEUDO.slice(2)]
  await client.untilFrame(FRAME.RST_STREAM, send(extended, 0))
  await client.untilFrame(FRAME.HEADERS, send(PSEUDO))
})
