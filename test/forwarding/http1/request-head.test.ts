import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import type { UpstreamRequest } from '../../../src/forwarding/connection.ts'
import { requestHead } from '../../../src/forwarding/http1/request-head.ts'

const BODY = Readable.from([])

function head(request: Partial<UpstreamRequest>): { text: string; bodyLength: number | undefined } {
  return requestHead(
    { method: 'GET', target: '/', headers: ['Host', 'a'], body: null, ...request },
    'backend:1'
  )
}

const REFUSED: Readonly<Record<string, Partial<UpstreamRequest>>> = {
  'an empty method': { method: '' },
  'a method with a space': { method: 'GET /' },
  'a method with a line break': { method: 'GET\r\n' },
  'an empty target': { target: '' },
  'a target with a space': { target: '/ HTTP/1.1' },
  'a target with a line break': { target: '/\r\n' },
  'a target with NUL': { target: '/\0' },
  'a target whose lower bytes are a line break': { target: '/\u010d\u010a' },
  'an empty name': { headers: ['', 'a'] },
  'a name with a colon': { headers: ['X:', 'a'] },
  'a name with a space': { headers: ['X ', 'a'] },
  'a name with a line break': { headers: ['X\r\nY', 'a'] },
  'a value with CR': { headers: ['X', 'a\rb'] },
  'a value with LF': { headers: ['X', 'a\nb'] },
  'a value with NUL': { headers: ['X', 'a\0b'] },
  'a value whose lower bytes are a line break': { headers: ['X', 'a\u010d\u010ab'] },
  'two Hosts': { headers: ['Host', 'a', 'host', 'b'] },
  'two Content-Lengths': { headers: ['Content-Length', '1', 'content-length', '1'], body: BODY },
  'a Content-Length that is a list': { headers: ['Content-Length', '1, 1'], body: BODY },
  'a Content-Length that is signed': { headers: ['Content-Length', '+1'], body: BODY },
  'a Content-Length without a body': { headers: ['Content-Length', '1'] },
  'Transfer-Encoding': { headers: ['transfer-encoding', 'chunked'], body: BODY },
  Connection: { headers: ['Connection', 'close'] },
  Upgrade: { headers: ['UPGRADE', 'x'] },
  'a protocol with a line break': { upgrade: 'x\r\nA: b' }
}

for (const [what, request] of Object.entries(REFUSED)) {
  test(`a request with ${what} is not sent`, () => {
    assert.throws(() => head(request), TypeError)
  })
}

test('the body is framed by the Content-Length, or by chunks when there is none', () => {
  assert.equal(head({ body: BODY }).bodyLength, undefined)
  assert.match(head({ body: BODY }).text, /\r\nTransfer-Encoding: chunked\r\n\r\n$/)
  const counted = head({ headers: ['CONTENT-length', '12'], body: BODY })
  assert.equal(counted.bodyLength, 12)
  assert.doesNotMatch(counted.text, /Transfer-Encoding/)
})

test('a request for another protocol says so', () => {
  const { text } = head({ headers: ['Sec-WebSocket-Key', 'x'], upgrade: 'websocket' })
  assert.equal(
    text,
    'GET / HTTP/1.1\r\nHost: backend:1\r\nSec-WebSocket-Key: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
  )
})
