import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { type TestContext, test } from 'node:test'
import { answerClientError, answerRaw, type RawAnswer } from '../../src/threads/client-errors.ts'
import { until } from '../helpers/until.ts'

async function serve(t: TestContext, listener?: RequestListener): Promise<Server> {
  const server = createServer(
    { headersTimeout: 200, requestTimeout: 200, connectionsCheckingInterval: 50 },
    listener ?? ((_request, response) => response.end('fine'))
  )
  server.on('clientError', (error, socket) => answerClientError(error, socket, () => {}))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return server
}

/** Sends bytes. @returns The client's socket, and all that comes until the server ends. */
function talk(t: TestContext, server: Server, bytes: string): { socket: Socket; answer: Promise<string> } {
  const { port } = server.address() as AddressInfo
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  t.after(() => socket.destroy())
  socket.on('error', () => {})
  socket.write(bytes, 'latin1')
  let text = ''
  socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk))
  const over = Promise.race([once(socket, 'end'), once(socket, 'close')])
  return { socket, answer: over.then(() => text) }
}

function parse(answer: string) {
  const [head = '', body = ''] = answer.split('\r\n\r\n')
  const [line = '', ...fields] = head.split('\r\n')
  const headers = new Map(
    fields.map((field) => {
      const colon = field.indexOf(':')
      return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()]
    })
  )
  return { line, headers, body, problem: JSON.parse(body) as Record<string, unknown> }
}

test('what is no HTTP is a problem document, and the connection ends', async (t) => {
  const server = await serve(t)
  const { line, headers, body, problem } = parse(await talk(t, server, 'nonsense\r\n\r\n').answer)
  assert.equal(line, 'HTTP/1.1 400 Bad Request')
  assert.equal(headers.get('content-type'), 'application/problem+json')
  assert.equal(headers.get('connection'), 'close')
  assert.equal(Number(headers.get('content-length')), Buffer.byteLength(body))
  assert.deepEqual(problem, {
    type: 'about:blank',
    title: 'Bad Request',
    status: 400,
    detail: 'This is not a valid HTTP request.',
    requestId: headers.get('x-request-id')
  })
})

test('a header that is too large is 431', async (t) => {
  const server = await serve(t)
  const request = `GET / HTTP/1.1\r\nHost: x\r\nX-Large: ${'x'.repeat(40_000)}\r\n\r\n`
  const { line, problem } = parse(await talk(t, server, request).answer)
  assert.equal(line, 'HTTP/1.1 431 Request Header Fields Too Large')
  assert.equal(problem.detail, 'The header of the request is too large.')
})

test('a request that does not arrive in time is 408', async (t) => {
  const server = await serve(t)
  const { line, problem } = parse(await talk(t, server, 'GET / HTTP/1.1\r\nHo').answer)
  assert.equal(line, 'HTTP/1.1 408 Request Timeout')
  assert.equal(problem.detail, 'The request did not arrive in time.')
})

test('a method that nobody knows is 501, a request line that is wrong 400', async (t) => {
  const server = await serve(t)
  const unknown = await talk(t, server, 'FROBNICATE / HTTP/1.1\r\nHost: x\r\n\r\n').answer
  assert.match(unknown, /^HTTP\/1\.1 501 /)
  const wrong = await talk(t, server, 'FROB@NICATE / HTTP/1.1\r\nHost: x\r\n\r\n').answer
  assert.match(wrong, /^HTTP\/1\.1 400 /)
})

test('every answer has an id of its own', async (t) => {
  const server = await serve(t)
  const answers = await Promise.all([1, 2].map(() => talk(t, server, 'nonsense\r\n\r\n').answer))
  const [first, second] = answers.map((answer) => parse(answer).headers.get('x-request-id'))
  assert.notEqual(first, second)
})

test('a response under way is broken off, never mixed with another', async (t) => {
  const server = await serve(t, (request, response) => {
    request.on('error', () => {})
    response.writeHead(200, { 'content-length': 100 }).write('begun')
    response.on('error', () => {})
  })
  const { socket, answer } = talk(
    t,
    server,
    'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n'
  )
  await once(socket, 'data')
  socket.write('no chunk\r\n')
  const text = await answer
  assert.match(text, /begun$/)
  assert.doesNotMatch(text, /problem/)
})

test('a reset is answered with nothing', () => {
  const { socket, written } = fakeSocket()
  answerClientError(Object.assign(new Error('reset'), { code: 'ECONNRESET' }), socket, () => {})
  assert.equal(socket.destroyed, true)
  assert.deepEqual(written, [])
})

test('an answer on a bare socket ends it', async () => {
  const { socket, written } = fakeSocket()
  const seen: RawAnswer[] = []
  answerRaw(socket, 501, 'method_not_implemented', (answer) => seen.push(answer))
  await once(socket, 'finish')
  assert.match(written.join(''), /^HTTP\/1\.1 501 Not Implemented\r\n.*\{.*"status":501,/s)
  assert.deepEqual(
    seen.map(({ status, reason }) => [status, reason]),
    [[501, 'method_not_implemented']]
  )
  assert.ok(written.join('').includes(seen[0]!.requestId), 'under the id that the client was told')
})

test('a client that never closes its side does not keep the connection for ever', async (t) => {
  const server = await serve(t)
  const sockets: Socket[] = []
  server.on('connection', (socket: Socket) => sockets.push(socket))
  await talk(t, server, 'nonsense\r\n\r\n').answer
  await until('the server has let go', () => sockets.every(({ destroyed }) => destroyed), 5000)
})

function fakeSocket(): { socket: Duplex; written: string[] } {
  const written: string[] = []
  const socket = new Duplex({
    read: () => {},
    write: (chunk: Buffer, _encoding, done) => {
      written.push(chunk.toString())
      done()
    }
  })
  return { socket, written }
}
