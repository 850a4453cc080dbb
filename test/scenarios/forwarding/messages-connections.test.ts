import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TRACE } from '../../helpers/trace-field.ts'
import { OK, request, response, startWire } from './wire.ts'

const DATE = 'Date: Sat, 01 Jan 2000 00:00:00 GMT\r\n'
const LENGTH = 'Content-Length: 2\r\n'
const CHUNKED = response(
  '200 OK',
  'Transfer-Encoding: chunked\r\n',
  '1\r\no\r\n1\r\nk\r\n0\r\nX-Sum: 1\r\n\r\n'
)
const OLD = request('GET /x').replace('HTTP/1.1', 'HTTP/1.0')
const OLD_KEPT = OLD.replace('Connection: close', 'Connection: keep-alive')

test('an HTTP/1.0 client gets its answer and the end of the connection', async (t) => {
  const wire = await startWire(t)
  for (const bytes of [OLD, OLD.replace('Connection: close\r\n', '')]) {
    const { received, answer } = await wire.exchange(bytes)
    assert.match(received, /^GET \/x HTTP\/1\.1\r\nHost: a\r\n/)
    assert.equal(answer, `HTTP/1.1 200 OK\r\n${DATE}${LENGTH}X-Request-Id: t\r\nConnection: close\r\n\r\nok`)
  }
})

test('an HTTP/1.0 client that asks for it keeps its connection', async (t) => {
  const wire = await startWire(t)
  const { answer } = await wire.exchange(OLD_KEPT + OLD)
  assert.equal(answer.split('HTTP/1.1 200 OK\r\n').length, 3)
  assert.match(answer, /^connection: keep-alive\r$/im)
})

test('chunks become the end of the connection for an HTTP/1.0 client', async (t) => {
  const wire = await startWire(t)
  for (const bytes of [OLD, OLD_KEPT]) {
    const { answer } = await wire.exchange(bytes, CHUNKED)
    assert.equal(answer, `HTTP/1.1 200 OK\r\n${DATE}X-Request-Id: t\r\nConnection: close\r\n\r\nok`)
  }
})

test('a body that ends with the connection of the backend does so for an HTTP/1.0 client', async (t) => {
  const wire = await startWire(t)
  const { answer } = await wire.exchange(OLD_KEPT, ({ send, socket }) => {
    send('HTTP/1.0 200 OK\r\n\r\nok')
    socket.end()
  })
  assert.match(answer, /^HTTP\/1\.1 200 OK\r\n[^]*connection: close\r\n\r\nok$/i)
})

test('an HTTP/1.0 client gets no interim responses, and its body needs none', async (t) => {
  const wire = await startWire(t)
  const post = OLD.replace('GET', 'POST').replace(
    '\r\n\r\n',
    '\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello'
  )
  const { received, answer } = await wire.exchange(
    post,
    `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${OK}`
  )
  assert.match(received, /\r\nContent-Length: 5\r\n[^]*\r\n\r\nhello$/)
  assert.doesNotMatch(received, /expect/i)
  assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/)
})

test('an HTTP/1.0 client may have no Host: the backend gets its own', async (t) => {
  const wire = await startWire(t)
  const { received } = await wire.exchange('GET /x HTTP/1.0\r\nX-Request-Id: t\r\n\r\n')
  const { host } = new URL(wire.backend.url)
  assert.equal(
    received,
    `GET /x HTTP/1.1\r\nHost: ${host}\r\nX-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\n` +
      `${TRACE}\r\nX-Request-Id: t\r\nVia: 1.0 xecureapi\r\n\r\n`
  )
})

test('pipelined requests are answered in their order, however long each takes', async (t) => {
  const wire = await startWire(t)
  const post = 'POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello'
  const chunked = 'PUT /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n'
  const bytes = `GET /1 HTTP/1.1\r\nHost: a\r\n\r\n${post}${chunked}HEAD /4 HTTP/1.1\r\nHost: a\r\n\r\n${request('GET /5')}`
  const { answer } = await wire.exchange(bytes, ({ send }, head) => {
    const number = Number(/ \/(\d) HTTP/.exec(head)![1])
    const body = number === 4 ? '' : 'ok'
    setTimeout(() => send(response(`20${number} OK`, LENGTH, body)), 10 * (5 - number))
  })
  const lines = [...answer.matchAll(/HTTP\/1\.1 20(\d) OK/g)].map(([, number]) => number)
  assert.deepEqual(lines, ['1', '2', '3', '4', '5'])
})

test('empty lines before a request are no request', async (t) => {
  const wire = await startWire(t)
  const { answer } = await wire.exchange(`\r\n\r\nGET /1 HTTP/1.1\r\nHost: a\r\n\r\n\r\n${request('GET /2')}`)
  assert.equal(answer.split('HTTP/1.1 200 OK\r\n').length, 3)
})

test('a client that has finished sending gets its whole answer', async (t) => {
  const wire = await startWire(t)
  const body = 'x'.repeat(2_000_000)
  const long = response('200 OK', `Content-Length: ${body.length}\r\n`, body)
  for (const wait of [0, 100]) {
    for (const bytes of [
      'GET /x HTTP/1.1\r\nHost: a\r\n\r\n',
      'POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello'
    ]) {
      const client = await wire.client(({ send }) => void setTimeout(() => send(long), wait))
      client.socket.end(bytes)
      await client.closed
      assert.ok(client.text().endsWith(`\r\n\r\n${body}`), `${client.text().length} bytes came`)
    }
  }
})
