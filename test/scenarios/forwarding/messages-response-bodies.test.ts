import assert from 'node:assert/strict'
import { test } from 'node:test'
import { request, response, returned, startWire } from './wire.ts'

const CHUNKED = 'Transfer-Encoding: chunked\r\n'
const GET = request('GET /x')

test('a body of known length reaches the client with it', async (t) => {
  const wire = await startWire(t)
  for (const body of ['', '\r\n\0\xff!', 'x'.repeat(200_000)]) {
    const length = `Content-Length: ${body.length}\r\n`
    const { answer } = await wire.exchange(GET, response('200 OK', length, body))
    assert.equal(answer, returned('200 OK', length, '', body))
  }
})

test('a chunked body reaches the client in chunks', async (t) => {
  const wire = await startWire(t)
  const chunks = '5\r\nhello\r\n6;x=y\r\n there\r\n0\r\n\r\n'
  const { answer } = await wire.exchange(GET, response('200 OK', CHUNKED, chunks))
  assert.equal(answer, returned('200 OK', '', CHUNKED, 'b\r\nhello there\r\n0\r\n\r\n'))
})

for (const version of ['1.0', '1.1']) {
  test(`a body that ends with an HTTP/${version} connection reaches the client in chunks`, async (t) => {
    const wire = await startWire(t)
    const bytes = response('200 Fine', 'A: b\r\n', 'hello').replace('1.1', version)
    const { answer } = await wire.exchange(GET, ({ send, socket }) => {
      send(bytes)
      socket.end()
    })
    assert.equal(answer, returned('200 Fine', 'A: b\r\n', CHUNKED, '5\r\nhello\r\n0\r\n\r\n'))
  })
}

test('trailers of a response reach the client in their order and spelling', async (t) => {
  const wire = await startWire(t)
  for (const body of ['', '5\r\nhello\r\n']) {
    const chunks = `${body}0\r\nX-Sum: caf\xe9\r\nx-sum: 2\r\n\r\n`
    const { answer } = await wire.exchange(GET, response('200 OK', `Trailer: X-Sum\r\n${CHUNKED}`, chunks))
    assert.equal(answer, returned('200 OK', 'Trailer: X-Sum\r\n', CHUNKED, chunks))
  }
})

test('trailers can’t bring in what the route removes, or what ends at this hop', async (t) => {
  const headers = { response: { set: { server: 'shop' }, remove: ['x-internal'] } }
  const wire = await startWire(t, { routes: [{ path: '/', headers }] })
  const chunks =
    '1\r\nx\r\n0\r\nConnection: x\r\nX-Internal: 1\r\nServer: nginx\r\nX-Request-Id: u\r\nX-Sum: 1\r\n\r\n'
  const { answer } = await wire.exchange(GET, response('200 OK', CHUNKED, chunks))
  assert.match(answer, /\r\n\r\n1\r\nx\r\n0\r\nX-Sum: 1\r\n\r\n$/)
})

test('a Trailer that nothing can follow goes no further, the response does', async (t) => {
  const wire = await startWire(t)
  const fields = 'Trailer: X-Sum\r\ntrailer: X-Two\r\n'
  const length = 'Content-Length: 2\r\n'
  const known = await wire.exchange(GET, response('200 OK', fields + length, 'ok'))
  assert.equal(known.answer, returned('200 OK', length, '', 'ok'))
  const head = await wire.exchange(request('HEAD /x'), response('200 OK', fields + CHUNKED))
  assert.equal(head.answer, returned('200 OK'))
  const old = GET.replace('HTTP/1.1', 'HTTP/1.0')
  const { answer } = await wire.exchange(
    old,
    response('200 OK', fields + CHUNKED, '2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n')
  )
  assert.equal(answer, returned('200 OK', '', '', 'ok'))
})

test('responses to HEAD, 204 and 304 have no body, and what is left of their header is kept', async (t) => {
  const wire = await startWire(t)
  const length = 'Content-Length: 20\r\n'
  for (const [method, line, sent, kept] of [
    ['HEAD', '200 OK', length, length],
    ['HEAD', '404 Not Found', length, length],
    ['HEAD', '200 OK', CHUNKED, ''],
    ['HEAD', '200 OK', '', ''],
    ['GET', '304 Not Modified', `${length}ETag: "x"\r\n`, `${length}ETag: "x"\r\n`],
    ['GET', '304 Not Modified', CHUNKED, ''],
    ['GET', '204 No Content', 'ETag: "x"\r\n', 'ETag: "x"\r\n'],
    // RFC 9110 section 8.6: a server must not send it.
    ['GET', '204 No Content', length, '']
  ] as const) {
    const { answer } = await wire.exchange(request(`${method} /x`), response(line, sent))
    assert.equal(answer, returned(line, kept))
  }
})

test('a response without a body leaves the connection to the next request', async (t) => {
  const wire = await startWire(t)
  for (const [method, line] of [
    ['HEAD', '200 OK'],
    ['GET', '204 No Content'],
    ['GET', '304 Not Modified']
  ]) {
    const first = `${method} /x HTTP/1.1\r\nHost: a\r\nX-Request-Id: t\r\n\r\n`
    const bytes = response(line!, 'Content-Length: 2\r\n')
    const { answer } = await wire.exchange(first + request('HEAD /y'), (connection, head) => {
      connection.send(head.startsWith('HEAD /y') ? response('299 Next', 'Content-Length: 0\r\n') : bytes)
    })
    assert.match(answer, new RegExp(`^HTTP/1\\.1 ${line}\r\n[^]*\r\n\r\nHTTP/1\\.1 299 Next\r\n`))
  }
})
