import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { test } from 'node:test'
import { startRawBackend } from '../forwarding/http1/raw-backend.ts'
import { startBackend } from '../helpers/backend.ts'
import { exchangeHttp2, readHttp2, valuesIn } from '../helpers/http2-client.ts'
import { forwardAll, startHttp2Lab } from '../helpers/http2-lab.ts'
import { answer, OK, received, returned, startHttp2Wire } from '../helpers/http2-wire.ts'

test('a request over HTTP/2 reaches a backend of HTTP/1.1 as one of HTTP/1.1', async (t) => {
  const { exchange } = await startHttp2Wire(t)
  const fields = {
    'x-b': ['1', '2'],
    'user-agent': 'u',
    te: 'trailers',
    'x-obs': '\xE9\xFF',
    authorization: 'Basic eA=='
  }
  const { status, headers, body, ...rest } = await exchange({ ':path': '/a%20b?q=%C3%A4', ...fields })
  assert.equal(
    rest.received,
    received('GET /a%20b?q=%C3%A4', [
      'x-b: 1',
      'x-b: 2',
      'user-agent: u',
      'x-obs: \xE9\xFF',
      'authorization: Basic eA==',
      'TE: trailers'
    ])
  )
  assert.deepEqual([status, headers, String(body)], [200, returned('content-length', '2'), 'ok'])
})

test('the crumbs of a cookie are joined into one field (RFC 9113 section 8.2.3)', async (t) => {
  const { exchange } = await startHttp2Wire(t)
  const { received: got } = await exchange({ cookie: ['a=1', 'b=2; c=3', 'd=4'], 'x-last': '1' })
  assert.equal(got, received('GET /', ['cookie: a=1; b=2; c=3; d=4', 'x-last: 1']))
})

test('however many crumbs a cookie has, they are one field; a hundred and one fields are too many', async (t) => {
  const { exchange } = await startHttp2Wire(t)
  const cookie = Array.from({ length: 95 }, (_, index) => `c${index}=${index}`)
  const fields = Array.from({ length: 97 }, (_, index) => [`x-${index}`, '1'])
  assert.equal((await exchange({ cookie, ...Object.fromEntries(fields) })).status, 200)
  // Besides those, the request id and the Host.
  const more = { 'x-one-more': '1', 'x-and-more': '1' }
  const {
    status,
    headers,
    received: got
  } = await exchange({ cookie, ...Object.fromEntries(fields), ...more })
  assert.deepEqual([status, got], [431, ''])
  assert.deepEqual(valuesIn(headers, 'content-type'), ['application/problem+json'])
})

test('every method that HTTP/1.1 has here passes, others are not implemented', async (t) => {
  const { exchange, lab } = await startHttp2Wire(t)
  for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'PROPFIND', 'QUERY', 'M-SEARCH']) {
    const { status, received: got } = await exchange({ ':method': method, ':path': '/m' })
    assert.deepEqual([status, got], [200, received(`${method} /m`)])
  }
  const { received: got } = await exchange({ ':method': 'OPTIONS', ':path': '*' })
  assert.equal(got, received('OPTIONS *'))
  for (const method of ['TRACE', 'FOO', 'get']) {
    const { status, received: nothing } = await exchange({ ':method': method, ':path': '/m' })
    assert.deepEqual([status, nothing], [501, ''])
  }
  await lab.untilIdle()
})

test('a body whose length is known goes as it is, another one in chunks, and none at all without any framing', async (t) => {
  const { exchange } = await startHttp2Wire(t)
  const post = { ':method': 'POST' }
  const known = await exchange({ ...post, 'content-length': 5 }, { body: 'hello', once: 'hello' })
  assert.equal(known.received, `${received('POST /', ['content-length: 5'])}hello`)
  const unknown = await exchange(post, { body: 'hello', once: '0\r\n\r\n' })
  const chunked = ['Transfer-Encoding: chunked']
  assert.equal(unknown.received, `${received('POST /', [], chunked)}5\r\nhello\r\n0\r\n\r\n`)
  // The end of the stream comes behind its head: nobody knows before.
  const empty = await exchange(post, { body: '', once: '0\r\n\r\n' })
  assert.equal(empty.received, `${received('POST /', [], chunked)}0\r\n\r\n`)
  assert.equal((await exchange(post)).received, received('POST /'))
})

test('trailers pass both ways, without what is not theirs to say', async (t) => {
  const { exchange } = await startHttp2Wire(t)
  const { received: got, ...response } = await exchange(
    { ':method': 'POST', te: 'trailers', trailer: 'x-sum' },
    {
      body: 'hi',
      trailers: { 'x-sum': '1', 'x-forwarded-for': '192.0.2.1' },
      once: '0\r\nx-sum: 1\r\n\r\n',
      answer: `${answer('200 OK', 'Trailer: X-Sum', 'Transfer-Encoding: chunked')}2\r\nok\r\n0\r\nX-Sum: 2\r\nX-Sum: 3\r\nX-Request-Id: forged\r\n\r\n`
    }
  )
  const head = received('POST /', ['trailer: x-sum', 'TE: trailers'], ['Transfer-Encoding: chunked'])
  assert.equal(got, `${head}2\r\nhi\r\n0\r\nx-sum: 1\r\n\r\n`)
  assert.deepEqual(response.headers, returned('trailer', 'X-Sum'))
  assert.deepEqual([String(response.body), response.trailers], ['ok', ['x-sum', '2', 'x-sum', '3']])
})

test('interim responses come in their order', async (t) => {
  const { exchange } = await startHttp2Wire(t)
  const hints = 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nLink: </b.css>\r\n\r\n'
  const { informed, status } = await exchange({}, { answer: `HTTP/1.1 102 Processing\r\n\r\n${hints}${OK}` })
  assert.deepEqual(informed, [
    [':status', '102'],
    [':status', '103', 'link', '</a.css>; rel=preload', 'link', '</b.css>']
  ])
  assert.equal(status, 200)
})

test('a client that expects a 100 gets the one of the backend', async (t) => {
  const backend = await startRawBackend(t)
  const lab = await startHttp2Lab(t, forwardAll(backend.url))
  const stream = lab.session.request({ ':method': 'POST', expect: '100-continue' }, { endStream: false })
  const response = readHttp2(stream)
  const connection = await backend.connection(0)
  await connection.untilReceived('\r\n\r\n')
  assert.match(connection.received(), /\r\nexpect: 100-continue\r\n/)
  const continued = once(stream, 'continue')
  connection.send('HTTP/1.1 100 Continue\r\n\r\n')
  await continued
  stream.end('body')
  await connection.untilReceived('4\r\nbody\r\n0\r\n\r\n')
  connection.send(OK)
  assert.equal((await response).status, 200)
})

test('what has no body ends with its head', async (t) => {
  const { exchange } = await startHttp2Wire(t)
  for (const [method, line, fields, returns] of [
    ['HEAD', '200 OK', ['Content-Length: 5'], ['content-length', '5']],
    ['HEAD', '200 OK', ['Transfer-Encoding: chunked'], []],
    ['GET', '204 No Content', [], []],
    ['GET', '304 Not Modified', ['Content-Length: 7', 'ETag: "x"'], ['content-length', '7', 'etag', '"x"']],
    ['GET', '302 Found', ['Location: /x', 'Content-Length: 0'], ['location', '/x', 'content-length', '0']]
  ] as const) {
    const response = await exchange({ ':method': method }, { answer: answer(line, ...fields) })
    assert.deepEqual(
      [response.status, response.headers, response.isHeadOnly, response.body.length, response.rstCode],
      [Number(line.slice(0, 3)), returned(...returns), true, 0, 0]
    )
  }
})

test('fields of a response keep their order and repetition; those of a connection stay behind', async (t) => {
  const { exchange } = await startHttp2Wire(t)
  const fields = [
    'Set-Cookie: a=1',
    'Server: s',
    'X-B: \xE9',
    'ETag: "1"',
    'set-cookie: b=2',
    'etag: "2"',
    'X-B: 2'
  ]
  const hopByHop = [
    'Connection: close, X-Hop',
    'X-Hop: 1',
    'Keep-Alive: timeout=5',
    'Proxy-Connection: close',
    'Upgrade: x',
    'HTTP2-Settings: a'
  ]
  const { headers } = await exchange(
    {},
    { answer: answer('200 Odd Phrase', ...hopByHop, ...fields, 'Content-Length: 0') }
  )
  const expected = [
    'set-cookie',
    'a=1',
    'server',
    's',
    'x-b',
    '\xE9',
    'etag',
    '"1"',
    'set-cookie',
    'b=2',
    'etag',
    '"2"',
    'x-b',
    '2'
  ]
  assert.deepEqual(headers, returned(...expected, 'content-length', '0'))
})

test('a response without Date gets one', async (t) => {
  const { exchange } = await startHttp2Wire(t)
  const { headers } = await exchange({}, { answer: 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n' })
  assert.match(
    valuesIn(headers, 'date').join(),
    /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/
  )
})

test('a status that HTTP/2 does not have here is a failure of the backend', async (t) => {
  const { exchange, lab } = await startHttp2Wire(t)
  const { status } = await exchange({}, { answer: answer('999 Far out', 'Content-Length: 0') })
  assert.equal(status, 502)
  assert.equal((await lab.nextLine()).reason, 'protocol_error')
})

test('large bodies pass both ways, over many streams at once', async (t) => {
  const backend = await startBackend(t, 'a', (request, response) => void request.pipe(response))
  const lab = await startHttp2Lab(t, forwardAll(backend.url))
  const bodies = Array.from({ length: 8 }, () => randomBytes(1024 * 1024))
  const post = { ':method': 'POST' }
  const responses = await Promise.all(bodies.map((body) => exchangeHttp2(lab.session, post, { body })))
  responses.forEach(({ status, body }, index) => {
    assert.deepEqual([status, body.equals(bodies[index]!)], [200, true])
  })
  await lab.untilIdle()
  for (const _ of bodies) {
    const { status, bytes, attempts } = await lab.nextLine()
    assert.deepEqual([status, bytes, attempts], [200, 1024 * 1024, 1])
  }
})
