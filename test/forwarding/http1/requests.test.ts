import assert from 'node:assert/strict'
import { PassThrough, Readable } from 'node:stream'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { until } from '../../helpers/until.ts'
import { answering, startRawBackend } from './raw-backend.ts'
import { connectTo, send, settle } from './recording-sink.ts'

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const HOST = ['Host', 'shop.test']

test('a request goes out as it is: names, order, repeated fields, nothing added', async (t) => {
  const backend = await answering(t, OK)
  const headers = [
    'x-b',
    '1',
    'X-a',
    '',
    'hOST',
    'shop.test',
    'Cookie',
    'a=1',
    'cookie',
    'b=2',
    'accept',
    'caf\xe9'
  ]
  await settle(connectTo(t, backend.url), { target: '/a', headers })
  assert.equal(
    backend.connections[0]!.received(),
    'GET /a HTTP/1.1\r\nx-b: 1\r\nX-a: \r\nhOST: shop.test\r\nCookie: a=1\r\ncookie: b=2\r\naccept: caf\xe9\r\n\r\n'
  )
})

test("without Host, the backend's own goes first", async (t) => {
  const backend = await answering(t, OK)
  await settle(connectTo(t, backend.url), { headers: ['Accept', '*/*'] })
  const host = new URL(backend.url).host
  assert.equal(backend.connections[0]!.received(), `GET / HTTP/1.1\r\nHost: ${host}\r\nAccept: */*\r\n\r\n`)
})

test('a target goes out byte for byte', async (t) => {
  const backend = await answering(t, OK)
  const target = '/a//b/%2F/%2e%2e/;x=1/"<>^|{}`\\/caf\xe9\xff?a=1&a=2+3&&?#'
  await settle(connectTo(t, backend.url), { target })
  assert.ok(backend.connections[0]!.received().startsWith(`GET ${target} HTTP/1.1\r\n`))
})

for (const method of ['PROPFIND', 'QUERY', 'M-SEARCH', 'get', "!#$%&'*+-.^_`|~9"]) {
  test(`the method ${method} goes out as it is`, async (t) => {
    const backend = await answering(t, OK)
    await settle(connectTo(t, backend.url), { method })
    assert.ok(backend.connections[0]!.received().startsWith(`${method} / HTTP/1.1\r\n`))
  })
}

for (const method of ['GET', 'DELETE', 'POST', 'QUERY']) {
  test(`${method} with Content-Length sends its body as it is`, async (t) => {
    const backend = await startRawBackend(t)
    const headers = [...HOST, 'content-length', '11']
    const sink = send(connectTo(t, backend.url), {
      method,
      headers,
      body: Readable.from([Buffer.from('hello '), Buffer.from('there')])
    })
    const connection = await backend.connection(0)
    await connection.untilReceived('there')
    assert.equal(
      connection.received(),
      `${method} / HTTP/1.1\r\nHost: shop.test\r\ncontent-length: 11\r\n\r\nhello there`
    )
    connection.send(OK)
    await sink.settled()
    assert.equal(sink.body, 'ok')
  })
}

test('a body without Content-Length goes in chunks, with its trailers', async (t) => {
  const backend = await startRawBackend(t)
  const body = new PassThrough()
  const trailers = (): string[] => ['X-Sum', '12', 'x-sum', 'caf\xe9']
  const sink = send(connectTo(t, backend.url), { method: 'POST', headers: HOST, body, trailers })
  const connection = await backend.connection(0)
  body.write('hello')
  await connection.untilReceived('hello\r\n')
  body.end('x'.repeat(17))
  await connection.untilReceived('\r\n\r\n', 2)
  assert.equal(
    connection.received(),
    'POST / HTTP/1.1\r\nHost: shop.test\r\nTransfer-Encoding: chunked\r\n\r\n' +
      `5\r\nhello\r\n11\r\n${'x'.repeat(17)}\r\n0\r\nX-Sum: 12\r\nx-sum: caf\xe9\r\n\r\n`
  )
  connection.send(OK)
  await sink.settled()
})

test('an empty body of unknown length is one last chunk', async (t) => {
  const backend = await startRawBackend(t)
  send(connectTo(t, backend.url), { method: 'POST', headers: HOST, body: Readable.from([]) })
  const connection = await backend.connection(0)
  await connection.untilReceived('\r\n\r\n0\r\n\r\n')
})

test('Content-Length: 0 goes out without a body', async (t) => {
  const backend = await answering(t, OK)
  await settle(connectTo(t, backend.url), { method: 'POST', headers: [...HOST, 'Content-Length', '0'] })
  assert.ok(backend.connections[0]!.received().endsWith('Content-Length: 0\r\n\r\n'))
})

test('the head goes out before the body is there, and Expect with it', async (t) => {
  const backend = await startRawBackend(t)
  const body = new PassThrough()
  const headers = [...HOST, 'Expect', '100-continue', 'Content-Length', '5']
  const sink = send(connectTo(t, backend.url), { method: 'POST', headers, body })
  const connection = await backend.connection(0)
  await connection.untilReceived('Expect: 100-continue\r\nContent-Length: 5\r\n\r\n')
  connection.send('HTTP/1.1 100 Go on\r\n\r\n')
  await until('100 came', () => sink.information.length > 0)
  assert.deepEqual(sink.information, [{ status: 100, statusText: 'Go on', headers: [] }])
  body.end('hello')
  await connection.untilReceived('hello')
  connection.send(OK)
  await sink.settled()
  assert.equal(sink.body, 'ok')
})

test('a refusal in place of 100 is a response, and the connection is closed', async (t) => {
  const backend = await answering(t, 'HTTP/1.1 417 Expectation Failed\r\nContent-Length: 2\r\n\r\nno')
  const body = new PassThrough()
  const headers = [...HOST, 'Expect', '100-continue', 'Content-Length', '5']
  const sink = await settle(connectTo(t, backend.url), { method: 'POST', headers, body })
  assert.equal(sink.head?.status, 417)
  assert.equal(body.destroyed, false)
  await backend.connections[0]!.untilClosed()
})

for (const [what, chunks] of [
  ['shorter', ['hell']],
  ['longer', ['hello', '!']]
] as const) {
  test(`a body that turns out ${what} than it said breaks the exchange`, async (t) => {
    const backend = await startRawBackend(t)
    const headers = [...HOST, 'Content-Length', '5']
    const body = Readable.from(chunks.map((chunk) => Buffer.from(chunk)))
    const sink = await settle(connectTo(t, backend.url), { method: 'POST', headers, body })
    assert.deepEqual(sink.failure, { reason: 'request_aborted', sent: true, reused: false })
    const connection = await backend.connection(0)
    await connection.untilClosed()
    assert.ok(!connection.received().includes('!'))
  })
}

for (const headers of [HOST, [...HOST, 'Content-Length', '5']]) {
  test(`a body that is cut off never looks whole to the backend (${headers.length === 2 ? 'chunks' : 'length'})`, async (t) => {
    const backend = await startRawBackend(t)
    const body = new PassThrough()
    const sink = send(connectTo(t, backend.url), { method: 'POST', headers, body })
    const connection = await backend.connection(0)
    body.write('hel')
    await connection.untilReceived('hel')
    body.destroy()
    await sink.settled()
    assert.deepEqual(sink.failure, { reason: 'request_aborted', sent: true, reused: false })
    await connection.untilClosed()
    assert.ok(!connection.received().includes('0\r\n\r\n'))
  })
}

test('a request whose body is gone already fails', async (t) => {
  const backend = await startRawBackend(t)
  const body = new PassThrough()
  body.destroy()
  const sink = await settle(connectTo(t, backend.url), { method: 'POST', headers: HOST, body })
  assert.equal(sink.failure?.reason, 'request_aborted')
})

test('a trailer that would break the message breaks the exchange', async (t) => {
  const backend = await startRawBackend(t)
  const trailers = (): string[] => ['X', 'a\r\n\r\nGET / HTTP/1.1']
  const request = { method: 'POST', headers: HOST, body: Readable.from([Buffer.from('a')]), trailers }
  const sink = await settle(connectTo(t, backend.url), request)
  assert.equal(sink.failure?.reason, 'request_aborted')
})

test('an early response is delivered while the upload goes on, and the body is left to its owner', async (t) => {
  const backend = await startRawBackend(t)
  const body = new PassThrough()
  const headers = [...HOST, 'Content-Length', '100']
  const sink = send(connectTo(t, backend.url), { method: 'POST', headers, body })
  const connection = await backend.connection(0)
  body.write('a'.repeat(10))
  await connection.untilReceived('a'.repeat(10))
  connection.send('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nno')
  await until('half of the response came', () => sink.body === 'no')
  body.write('b'.repeat(10))
  await connection.untilReceived('b'.repeat(10))
  connection.send('pe')
  await sink.settled()
  assert.equal(sink.body, 'nope')
  assert.equal(body.destroyed, false)
  assert.equal(body.listenerCount('data'), 0)
  await connection.untilClosed()
})

test('a request body is read no faster than the backend takes it', async (t) => {
  const backend = await startRawBackend(t)
  let made = 0
  const body = new Readable({
    read() {
      made += 65_536
      this.push(made > 256 * 1024 * 1024 ? null : Buffer.alloc(65_536))
    }
  })
  void backend.connection(0).then(({ socket }) => socket.pause())
  const connection = connectTo(t, backend.url)
  const sink = send(connection, { method: 'POST', headers: HOST, body })
  const raw = await backend.connection(0)
  let before = -1
  while (made !== before) {
    before = made
    await delay(200)
  }
  // What the kernel's buffers hold on both sides is not the gateway's memory.
  assert.ok(made < 64 * 1024 * 1024, `${made} bytes were read`)
  raw.socket.resume()
  const stalledAt = made
  await until('the body goes on', () => made > stalledAt)
  sink.exchange!.abort()
})
