import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answering, startRawBackend } from './raw-backend.ts'
import { connectTo, settle, send } from './recording-sink.ts'

test('a response with Content-Length arrives whole, its header as it was written', async (t) => {
  const backend = await answering(
    t,
    'HTTP/1.1 200 Fine\r\nX-B: 1\r\nx-a:2\r\nSet-Cookie: a\r\nset-cookie: b \t\r\nEmpty:\r\nCONTENT-length: 5\r\n\r\nhello'
  )
  const sink = await settle(connectTo(t, backend.url))
  assert.deepEqual(sink.head, {
    status: 200,
    statusText: 'Fine',
    headers: [
      'X-B',
      '1',
      'x-a',
      '2',
      'Set-Cookie',
      'a',
      'set-cookie',
      'b',
      'Empty',
      '',
      'CONTENT-length',
      '5'
    ]
  })
  assert.equal(sink.body, 'hello')
  assert.deepEqual(sink.trailers, [])
  assert.deepEqual(sink.calls, ['sending', 'head', 'body', 'end'])
})

test('a field value keeps each of its bytes, those beyond ASCII too', async (t) => {
  const backend = await answering(
    t,
    'HTTP/1.1 200 \xe9t\xe9\r\nX: caf\xc3\xa9 \xe9\x80\xff\r\nContent-Length: 0\r\n\r\n'
  )
  const sink = await settle(connectTo(t, backend.url))
  assert.equal(sink.head?.statusText, '\xe9t\xe9')
  assert.deepEqual(sink.head?.headers.slice(0, 2), ['X', 'caf\xc3\xa9 \xe9\x80\xff'])
})

test('a chunked response arrives without its chunks, with its trailers', async (t) => {
  const backend = await answering(
    t,
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\nTrailer: X-Sum\r\n\r\n' +
      '5;name=value;other="quoted"\r\nhello\r\nA\r\n, backends\r\n0\r\nX-Sum: 15 \r\nx-SUM: again\r\n\r\n'
  )
  const sink = await settle(connectTo(t, backend.url))
  assert.equal(sink.body, 'hello, backends')
  assert.deepEqual(sink.trailers, ['X-Sum', '15', 'x-SUM', 'again'])
})

test('a response that ends with its connection arrives whole when the connection ends in order', async (t) => {
  const backend = await startRawBackend(t, ({ socket }) => socket.end('HTTP/1.1 200 OK\r\n\r\nhello'))
  const sink = await settle(connectTo(t, backend.url))
  assert.equal(sink.body, 'hello')
  assert.deepEqual(sink.calls, ['sending', 'head', 'body', 'end'])
})

test('a response that ends with its connection is cut off when the connection is reset', async (t) => {
  const backend = await startRawBackend(t, ({ send }) => send('HTTP/1.0 200 OK\r\n\r\nhel'))
  const sink = send(connectTo(t, backend.url))
  const { socket, untilReceived } = await backend.connection(0)
  await untilReceived('\r\n\r\n')
  setTimeout(() => socket.resetAndDestroy(), 50)
  await sink.settled()
  assert.deepEqual(sink.failure, { reason: 'reset', sent: true, reused: false })
  assert.equal(sink.body, 'hel')
})

for (const [what, response] of [
  ['with Content-Length', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello'],
  ['in chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n'],
  [
    'in chunks, before its trailers end',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\n'
  ],
  ['within its head', 'HTTP/1.1 200 OK\r\nContent-Le'],
  ['before its first byte', ''],
  ['after an interim one', 'HTTP/1.1 103 Early Hints\r\n\r\n']
] as const) {
  test(`a response ${what} that ends too early is cut off`, async (t) => {
    const backend = await startRawBackend(t, ({ socket }) => socket.end(response))
    const sink = await settle(connectTo(t, backend.url))
    assert.deepEqual(sink.failure, { reason: 'reset', sent: true, reused: false })
  })
}

for (const [what, method, status, fields] of [
  ['a response to HEAD with Content-Length', 'HEAD', 200, 'Content-Length: 1234\r\n'],
  ['a response to HEAD in chunks', 'HEAD', 200, 'Transfer-Encoding: chunked\r\n'],
  ['a response to HEAD that names no length', 'HEAD', 200, ''],
  ['a 304 with Content-Length', 'GET', 304, 'Content-Length: 1234\r\nETag: "x"\r\n'],
  ['a 304 without', 'GET', 304, ''],
  ['a 204', 'DELETE', 204, ''],
  ['a 200 with Content-Length 0', 'GET', 200, 'Content-Length: 0\r\n']
] as const) {
  test(`${what} has no body, and its connection is used again`, async (t) => {
    const backend = await answering(t, `HTTP/1.1 ${status} X\r\n${fields}\r\n`)
    const connection = connectTo(t, backend.url)
    for (let turn = 0; turn < 3; turn++) {
      const sink = await settle(connection, { method })
      assert.equal(sink.head?.status, status)
      assert.deepEqual(sink.calls, ['sending', 'head', 'end'])
    }
    assert.equal(backend.connections.length, 1)
  })
}

for (const [what, response] of [
  ['says Connection: close', 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok'],
  ['to HEAD says Connection: x, Close', 'HTTP/1.1 200 OK\r\nConnection: x, Close\r\n\r\n'],
  ['is HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok'],
  [
    'is HTTP/1.0 in chunks',
    'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n'
  ],
  [
    'is followed by bytes that nobody asked for',
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n\r\n'
  ],
  ['is a 204 with a body', 'HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nok']
] as const) {
  test(`the connection of a response that ${what} is not used again`, async (t) => {
    const backend = await answering(t, response)
    const connection = connectTo(t, backend.url)
    for (let turn = 0; turn < 2; turn++) {
      const sink = await settle(connection, { method: what.startsWith('to HEAD') ? 'HEAD' : 'GET' })
      assert.deepEqual(sink.trailers, [])
    }
    assert.equal(backend.connections.length, 2)
  })
}

test('HTTP/1.0 with Connection: keep-alive is kept alive', async (t) => {
  const backend = await answering(
    t,
    'HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nok'
  )
  const connection = connectTo(t, backend.url)
  await settle(connection)
  await settle(connection)
  assert.equal(backend.connections.length, 1)
})

test('interim responses are passed on in their order, asked for or not', async (t) => {
  const backend = await answering(
    t,
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\nX: 1\r\n\r\nHTTP/1.1 103 Early Hints\r\n' +
      'Link: </a.css>; rel=preload\r\nLink: </b.css>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
  )
  const sink = await settle(connectTo(t, backend.url))
  assert.deepEqual(sink.information, [
    { status: 100, statusText: 'Continue', headers: [] },
    { status: 102, statusText: 'Processing', headers: ['X', '1'] },
    { status: 103, statusText: 'Early Hints', headers: ['Link', '</a.css>; rel=preload', 'Link', '</b.css>'] }
  ])
  assert.equal(sink.body, 'ok')
})

test('a head of 60 KiB passes, one above the limit does not', async (t) => {
  const field = `X-Long: ${'x'.repeat(1000)}\r\n`
  const backend = await startRawBackend(t, ({ send }, head) =>
    send(`HTTP/1.1 200 OK\r\n${field.repeat(Number(/\d+/.exec(head)![0]))}Content-Length: 0\r\n\r\n`)
  )
  const connection = connectTo(t, backend.url)
  assert.equal((await settle(connection, { target: '/60' })).head?.headers.length, 122)
  assert.equal((await settle(connection, { target: '/70' })).failure?.reason, 'protocol_error')
  const wide = connectTo(t, backend.url, { maxResponseHead: 100_000 })
  assert.equal((await settle(wide, { target: '/70' })).head?.headers.length, 142)
})
