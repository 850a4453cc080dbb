import assert from 'node:assert/strict'
import { test } from 'node:test'
import { forwarded, request, startWire } from './wire.ts'

const LENGTH = 'Content-Length: 5\r\n'
const CHUNKED = 'Transfer-Encoding: chunked\r\n'
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'QUERY', 'PROPFIND']

test('a body of known length arrives with every method', async (t) => {
  const wire = await startWire(t)
  for (const method of METHODS) {
    const { received, answer } = await wire.exchange(request(`${method} /x`, LENGTH, '\r\n\0\xff!'))
    assert.equal(received, forwarded(`${method} /x`, LENGTH, '', '\r\n\0\xff!'))
    assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/, method)
  }
})

test('a chunked body arrives in chunks with every method', async (t) => {
  const wire = await startWire(t)
  for (const method of METHODS) {
    const { received } = await wire.exchange(request(`${method} /x`, CHUNKED, '5\r\nhello\r\n0\r\n\r\n'))
    assert.equal(received, forwarded(`${method} /x`, '', CHUNKED, '5\r\nhello\r\n0\r\n\r\n'))
  }
})

test('what frames the chunks is made anew: extensions, leading zeros and the spelling of the coding', async (t) => {
  const wire = await startWire(t)
  for (const [fields, chunks] of [
    [CHUNKED, '5;a=b;c="d e"\r\nhello\r\n0;x\r\n\r\n'],
    [CHUNKED, '00000000000000000005\r\nhello\r\n000\r\n\r\n'],
    ['tRANSFER-eNCODING: \t CHUNKED \r\n', '5\r\nhello\r\n0\r\n\r\n']
  ] as const) {
    const { received } = await wire.exchange(request('POST /x', fields, chunks))
    assert.equal(received, forwarded('POST /x', '', CHUNKED, '5\r\nhello\r\n0\r\n\r\n'))
  }
})

test('no body and an empty body stay what they are', async (t) => {
  const wire = await startWire(t)
  assert.equal((await wire.exchange(request('POST /x'))).received, forwarded('POST /x'))
  const zero = 'Content-Length: 0\r\n'
  assert.equal((await wire.exchange(request('POST /x', zero))).received, forwarded('POST /x', zero))
  const empty = await wire.exchange(request('POST /x', CHUNKED, '0\r\n\r\n'))
  assert.equal(empty.received, forwarded('POST /x', '', CHUNKED, '0\r\n\r\n'))
})

test('a body is opaque, whatever its Content-Type says, or does not say', async (t) => {
  const wire = await startWire(t)
  for (const type of [
    '',
    'Content-Type: \r\n',
    'Content-Type: x\r\n',
    'Content-Type: ;;;\r\n',
    'Content-Type: text/plain\r\n',
    'Content-Type: text/plain; charset\r\n',
    'Content-Type: application/json\r\n',
    'Content-Type: application/json; charset=utf-8; x="\r\n',
    'Content-Type: multipart/form-data\r\n',
    'Content-Type: \xe9/\xff\r\n',
    'Content-Type: a/b, c/d\r\n',
    'Content-Type: text/plain\r\ncontent-type: text/html\r\n'
  ]) {
    for (const method of ['POST', 'QUERY', 'DELETE']) {
      const fields = type + LENGTH
      const { received, answer } = await wire.exchange(request(`${method} /x`, fields, '{"a":'))
      assert.equal(received, forwarded(`${method} /x`, fields, '', '{"a":'))
      assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/, type)
    }
  }
})

test('trailers of a request arrive in their order and spelling', async (t) => {
  const wire = await startWire(t)
  const trailers = 'X-Sum: caf\xe9\r\nx-sum: 2\r\nEmpty: \r\n'
  const chunks = `5\r\nhello\r\n0\r\n${trailers}\r\n`
  const { received } = await wire.exchange(request('POST /x', `Trailer: X-Sum\r\n${CHUNKED}`, chunks))
  assert.equal(received, forwarded('POST /x', 'Trailer: X-Sum\r\n', CHUNKED, chunks))
})

test('trailers can’t bring in what the gateway answers for in the header', async (t) => {
  const headers = { request: { set: { 'x-shop': 'eu' }, remove: ['authorization'] } }
  const wire = await startWire(t, { routes: [{ path: '/', headers }] })
  const trailers = [
    'Connection: x',
    'Host: b.example',
    'X-Forwarded-For: 192.0.2.1',
    'X_Forwarded_For: 192.0.2.1',
    'Forwarded: for=192.0.2.1',
    'X-Request-Id: other',
    'X-Shop: us',
    'Authorization: Basic eA==',
    'X-Sum: 1'
  ]
  const chunks = `5\r\nhello\r\n0\r\n${trailers.join('\r\n')}\r\n\r\n`
  const { received } = await wire.exchange(request('POST /x', CHUNKED, chunks))
  assert.match(received, /\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n$/)
})
