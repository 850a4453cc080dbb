import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import type { UpstreamRequest } from '../../../src/forwarding/connection.ts'
import { parseOrigin } from '../../../src/forwarding/http1/dial.ts'
import { requestFields, trailerFields } from '../../../src/forwarding/http2/request-fields.ts'

const ORIGIN = parseOrigin('http://10.0.0.1:3001')

function fieldsOf(request: Partial<UpstreamRequest>, origin = ORIGIN): string[] {
  return requestFields({ method: 'GET', target: '/', headers: [], body: null, ...request }, origin).fields
}

test('method, scheme, authority and path come first, the authority from Host', () => {
  assert.deepEqual(
    fieldsOf({ method: 'PURGE', target: '/a?b=%ff\xff', headers: ['A', '1', 'Host', 'shop.test'] }),
    [':method', 'PURGE', ':scheme', 'http', ':authority', 'shop.test', ':path', '/a?b=%ffÿ', 'a', '1']
  )
})

test('without Host, or with an empty one, the authority is the backend itself', () => {
  const secure = parseOrigin('https://orders.internal')
  for (const headers of [[], ['Host', '']]) {
    assert.deepEqual(fieldsOf({ headers }), [
      ':method',
      'GET',
      ':scheme',
      'http',
      ':authority',
      '10.0.0.1:3001',
      ':path',
      '/'
    ])
    assert.deepEqual(fieldsOf({ headers }, secure).slice(2, 6), [
      ':scheme',
      'https',
      ':authority',
      'orders.internal'
    ])
  }
})

test('names become lower case, order, repetition and values stay', () => {
  const headers = ['X-B', '1', 'x-a', '\xe9', 'X-B', '2', 'Cookie', 'a=1; b=2', 'Expect', '100-continue']
  const expected = ['x-b', '1', 'x-a', '\xe9', 'x-b', '2', 'cookie', 'a=1; b=2', 'expect', '100-continue']
  assert.deepEqual(fieldsOf({ headers }).slice(8), expected)
})

test('fields of the connection go no further', () => {
  const headers = [
    'Connection',
    'close',
    'Keep-Alive',
    'timeout=5',
    'Proxy-Connection',
    'keep-alive',
    'Upgrade',
    'h2c',
    'Transfer-Encoding',
    'chunked',
    'HTTP2-Settings',
    'AAMAAABkAAQAAP__',
    'X',
    'y'
  ]
  assert.deepEqual(fieldsOf({ headers }).slice(8), ['x', 'y'])
})

test('TE says trailers or nothing', () => {
  assert.deepEqual(fieldsOf({ headers: ['TE', 'gzip, trailers'] }).slice(8), ['te', 'trailers'])
  assert.deepEqual(fieldsOf({ headers: ['TE', 'gzip'] }).slice(8), [])
})

test('white space around a value is left out', () => {
  assert.deepEqual(fieldsOf({ headers: ['a', ' \tb c\t '] }).slice(8), ['a', 'b c'])
})

test('OPTIONS may be for the whole server', () => {
  assert.deepEqual(fieldsOf({ method: 'OPTIONS', target: '*' }).slice(6, 8), [':path', '*'])
})

test('a length is kept, with a body it tells how much goes out', () => {
  const body = Readable.from([])
  const head = requestFields({ method: 'POST', target: '/', headers: ['Content-Length', '12'], body }, ORIGIN)
  assert.deepEqual([head.bodyLength, head.fields.slice(8)], [12, ['content-length', '12']])
})

const IMPOSSIBLE: Readonly<Record<string, Partial<UpstreamRequest>>> = {
  'a method that is no token': { method: 'GET /' },
  'no method': { method: '' },
  'a space in the target': { target: '/a b' },
  'a line break in the target': { target: '/a\r\n' },
  'a target that is no path': { target: 'http://other.test/' },
  'a line break in a value': { headers: ['a', 'b\r\nc: d'] },
  'NUL in a value': { headers: ['a', '\0'] },
  'a value beyond latin1': { headers: ['a', '\u010a'] },
  'a space in a name': { headers: ['a b', 'c'] },
  'a pseudo-header field of its own': { headers: [':path', '/other'] },
  'two Hosts': { headers: ['Host', 'a', 'host', 'b'] },
  'two lengths': { headers: ['Content-Length', '1', 'content-length', '1'], body: Readable.from([]) },
  'a length that is no number': { headers: ['Content-Length', '+1'], body: Readable.from([]) },
  'a length without a body': { headers: ['Content-Length', '1'] }
}

for (const [what, request] of Object.entries(IMPOSSIBLE)) {
  test(`${what} is never sent`, () => {
    assert.throws(() => fieldsOf(request), TypeError)
  })
}

test('trailers are grouped by their names in lower case', () => {
  const fields = trailerFields(['X-B', '1', 'x-a', '2', 'x-b', '3', 'Connection', 'close'])
  assert.deepEqual({ ...fields }, { 'x-b': ['1', '3'], 'x-a': ['2'] })
  assert.throws(() => trailerFields([':status', '200']), TypeError)
  assert.throws(() => trailerFields(['a', '\n']), TypeError)
})
