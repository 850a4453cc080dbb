import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { OK, request, startWire, type Wire } from './wire.ts'

const POST = 'POST /x HTTP/1.1\r\nHost: a\r\n'
/** What would be forwarded if a refusal did not end the connection. */
const NEXT = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n'

/** Keep-alive requests, so that only the refusal can have closed the connection. */
async function assertRefused(wire: Wire, status: number, bytes: string): Promise<void> {
  const { received, answer } = await wire.exchange(bytes)
  const what = JSON.stringify(bytes.slice(0, 200))
  assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `), what)
  assert.match(answer, /^content-type: application\/problem\+json\r$/im, what)
  assert.match(answer, /^connection: close\r$/im, what)
  const [, document = ''] = answer.split('\r\n\r\n')
  assert.equal((JSON.parse(document) as { status: number }).status, status, what)
  assert.equal(received, '', what)
}

const CASES: Readonly<Record<string, readonly [status: number, ...requests: string[]]>> = {
  'obs-fold': [
    400,
    `${POST}A: b\r\n c\r\n\r\n`,
    `${POST}A: b\r\n\tc\r\n\r\n`,
    `GET /x HTTP/1.1\r\n A: b\r\n\r\n`
  ],
  'a bare CR': [400, `${POST}A: b\rc\r\n\r\n`, `${POST}A: b\r\r\n\r\n`, 'GET /x HTTP/1.1\rHost: a\r\n\r\n'],
  'a bare LF': [
    400,
    `${POST}A: b\nC: d\r\n\r\n`,
    'GET /x HTTP/1.1\nHost: a\r\n\r\n',
    'GET /x HTTP/1.1\r\nHost: a\n\n',
    'GET /x HTTP/1.1\nHost: a\n\n'
  ],
  'NUL and other controls': [
    400,
    ...['\0', '\x01', '\x0b', '\x7f'].map((bad) => `${POST}A: b${bad}c\r\n\r\n`)
  ],
  'a name that is none': [
    400,
    ...['A : b', 'A\t: b', ' : b', ': b', 'Abc', 'A(b: c', 'A\0: b', 'caf\xe9: b', 'A b: c'].map(
      (line) => `${POST}${line}\r\n\r\n`
    )
  ],
  'Content-Length beside Transfer-Encoding': [
    400,
    `${POST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    `${POST}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`,
    `${POST}Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`
  ],
  'several Content-Lengths': [
    400,
    ...['5\r\nContent-Length: 6', '5\r\nContent-Length: 5', '5, 5', '5,6'].map(
      (length) => `${POST}Content-Length: ${length}\r\n\r\nhello!`
    )
  ],
  'a Content-Length that is no number': [
    400,
    ...['+5', '-5', '0x5', '', '5a', '5.0', '1e1', '5 5', '٥', '99999999999999999999'].map(
      (length) => `${POST}Content-Length: ${length}\r\n\r\nhello`
    )
  ],
  'a Content-Length beyond all measure': [
    413,
    ...['99999999999999999', '9007199254740993', '00000000000000005'].map(
      (length) => `${POST}Content-Length: ${length}\r\n\r\nhello`
    )
  ],
  'a coding that chunked does not end': [
    400,
    ...[
      'chunked, gzip',
      'chunked, chunked',
      'chunked,',
      '',
      '\x0bchunked',
      'chunked\r\nTransfer-Encoding: gzip'
    ].map((coding) => `${POST}Transfer-Encoding: ${coding}\r\n\r\n5\r\nhello\r\n0\r\n\r\n`)
  ],
  'a coding that nobody asked for': [
    501,
    ...['gzip, chunked', 'gzip', 'identity', 'xchunked', 'chunked;a=b', ',chunked', '"chunked"'].map(
      (coding) => `${POST}Transfer-Encoding: ${coding}\r\n\r\n5\r\nhello\r\n0\r\n\r\n`
    ),
    `${POST}Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`
  ],
  'Transfer-Encoding in HTTP/1.0': [
    400,
    'POST /x HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n'
  ],
  'a header that is too large': [
    431,
    `${POST}A: ${'x'.repeat(17_000)}\r\n\r\n`,
    `${POST}${'x'.repeat(17_000)}: a\r\n\r\n`,
    `GET /${'x'.repeat(17_000)} HTTP/1.1\r\nHost: a\r\n\r\n`,
    `${POST}${`A: ${'x'.repeat(500)}\r\n`.repeat(40)}\r\n`
  ],
  'too many fields': [431, `GET /x HTTP/1.1\r\nHost: a\r\n${'A: b\r\n'.repeat(100)}\r\n`],
  'no Host, or two': [
    400,
    'GET /x HTTP/1.1\r\n\r\n',
    'GET /x HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n',
    'GET /x HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n',
    'GET /x HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n',
    'GET http://a/x HTTP/1.1\r\n\r\n',
    'GET http://a/x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n'
  ],
  'a Host that is none': [
    400,
    ...[
      '',
      'a b',
      'a/b',
      'a?b',
      'a#b',
      'a\\b',
      'u@a',
      'a:b',
      'a:80:80',
      '[::1',
      '[g::1]',
      'caf\xe9',
      '<a>',
      '"a"'
    ].map((host) => `GET /x HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
  ],
  'another version': [
    400,
    ...[
      '',
      ' HTTP/0.9',
      ' HTTP/1.2',
      ' HTTP/1.10',
      ' HTTP/2.0',
      ' HTTP/3.0',
      ' HTTP/11',
      ' http/1.1',
      ' HTTP/1.1 '
    ].map((version) => `GET /x${version}\r\nHost: a\r\n\r\n`),
    'GET /x\r\n\r\n',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
  ],
  'what is no request line': [
    400,
    ' GET /x HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET\t/x HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET\r\nHost: a\r\n\r\n',
    'HTTP/1.1 200 OK\r\n\r\n',
    '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'
  ]
}

test('what is ambiguous, or no HTTP, is refused, and nothing of it reaches a backend', async (t) => {
  const wire = await startWire(t)
  for (const [name, [status, ...requests]] of Object.entries(CASES)) {
    await t.test(name, async () => {
      for (const bytes of requests) {
        await assertRefused(wire, status, bytes)
        await assertRefused(wire, status, bytes + NEXT)
      }
    })
  }
  await t.test('the same number of fields, less one, is taken', async () => {
    const { answer } = await wire.exchange(request('GET /x', 'A: b\r\n'.repeat(97)))
    assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/)
  })
})

const CHUNKS: Readonly<Record<string, readonly [status: number, ...bodies: string[]]>> = {
  'a size that is no number': [
    400,
    ...['0x5', '+5', '-5', ' 5', '5 ', '\t5', 'g', '', 'fffffffffffffffff'].map(
      (size) => `${size}\r\nhello\r\n0\r\n\r\n`
    )
  ],
  'a line that does not end with CRLF': [
    400,
    '5\nhello\r\n0\r\n\r\n',
    '5\rhello\r\n0\r\n\r\n',
    '5;a=b\nhello\r\n0\r\n\r\n',
    '5;a="b\r\n"\r\nhello\r\n0\r\n\r\n',
    '5\r\nhello\n0\r\n\r\n',
    '5\r\nhello\r0\r\n\r\n',
    '5\r\nhello\r\n0\n\n'
  ],
  'a size that is not the chunk’s': [
    400,
    '5\r\nhello!\r\n0\r\n\r\n',
    '5\r\nhello0\r\n\r\n',
    '5\r\nhell\r\n0\r\n\r\n'
  ],
  'trailers that are none, or say where the body ends': [
    400,
    ...['A: b\r\n c', 'A : b', 'A: b\nC: d', 'A: b\0', 'Content-Length: 5'].map(
      (line) => `5\r\nhello\r\n0\r\n${line}\r\n\r\n`
    )
  ],
  'trailers that are too large': [
    431,
    `5\r\nhello\r\n0\r\nA: ${'x'.repeat(17_000)}\r\n\r\n`,
    `5\r\nhello\r\n0\r\n${'A: b\r\n'.repeat(200)}\r\n`
  ],
  // Node's own status for it.
  'an extension that is too large': [413, `5;${'a'.repeat(17_000)}\r\nhello\r\n0\r\n\r\n`]
}

test('chunks that are wrong are refused, and the backend never takes the body for whole', async (t) => {
  const wire = await startWire(t)
  let count = 0
  for (const [name, [status, ...bodies]] of Object.entries(CHUNKS)) {
    await t.test(name, async () => {
      for (const body of bodies) {
        const client = await wire.client(() => {})
        client.write(`${POST}Transfer-Encoding: chunked\r\n\r\n`)
        const backend = await wire.backend.connection(count++)
        await backend.untilReceived('\r\n\r\n')
        client.write(body + NEXT)
        await client.closed
        const what = JSON.stringify(body.slice(0, 200))
        assert.match(client.text(), new RegExp(`^HTTP/1\\.1 ${status} `), what)
        await backend.untilClosed()
        assert.doesNotMatch(backend.received(), /\r\n0\r\n|smuggled/, what)
      }
    })
  }
  assert.equal(wire.backend.connections.length, count)
})

test('the answer to a broken request does not take the place of an earlier one', async (t) => {
  const wire = await startWire(t)
  for (const [bad, status] of [
    ['GET /2 HTTP/1.1\r\nA : b\r\n\r\n', 400],
    ['BREW /2 HTTP/1.1\r\n\r\n', 501],
    [`GET /2 HTTP/1.1\r\nA: ${'x'.repeat(17_000)}\r\n\r\n`, 431],
    ['CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n', 501]
  ]) {
    const slowly = ({ send }: { send: (bytes: string) => void }): void => void setTimeout(() => send(OK), 50)
    const { answer } = await wire.exchange(`GET /1 HTTP/1.1\r\nHost: a\r\n\r\n${bad}`, slowly)
    assert.match(answer, new RegExp(`^HTTP/1\\.1 200 OK\r\n[^]*okHTTP/1\\.1 ${status} `))
    assert.equal(answer.split('HTTP/1.1 ').length, 3)
  }
})

test('what comes behind Connection: close is thrown away, the response is not', async (t) => {
  const wire = await startWire(t)
  const slowly = ({ send }: { send: (bytes: string) => void }): void => void setTimeout(() => send(OK), 50)
  const { received, answer } = await wire.exchange(request('GET /1') + NEXT, slowly)
  assert.match(answer, /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nok$/)
  assert.doesNotMatch(received, /smuggled/)
})

test('a refusal is read even by a client that goes on sending', async (t) => {
  const wire = await startWire(t)
  const client = await wire.client()
  client.write(`GET /x HTTP/1.1\r\nA: ${'x'.repeat(17_000)}`)
  for (let count = 0; count < 20 && client.socket.writable; count++) {
    client.write('y'.repeat(50_000))
    await delay(5)
  }
  await client.closed
  assert.match(client.text(), /^HTTP\/1\.1 431 [^]*"status":431/)
})

test('a broken body is told to the backend at once, by the end of its connection', async (t) => {
  const wire = await startWire(t)
  const client = await wire.client(() => {})
  client.write(`${POST}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`)
  const backend = await wire.backend.connection(0)
  await backend.untilReceived('hello')
  client.write('no chunk\r\n')
  await backend.untilClosed()
  await client.closed
  assert.match(client.text(), /^HTTP\/1\.1 400 /)
})
