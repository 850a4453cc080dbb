import assert from 'node:assert/strict'
import { test } from 'node:test'
import { everywhere, transcript } from './transcript.ts'

const RESPONSES: readonly string[] = [
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
  'HTTP/1.1 200 OK\r\nEmpty:\r\nBlank: \t \r\nX: a b  c\t\r\nX:y\r\nContent-Length:  0 \r\n\r\n',
  'HTTP/1.1 200\r\nContent-Length: 1\r\n\r\nx',
  'HTTP/1.1 200 \r\nContent-Length: 1\r\n\r\nx',
  'HTTP/1.1 404 \xe9 \x80\r\nX: \xff\r\nContent-Length: 2\r\n\r\n\0\xffnext',
  'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n2;x\r\nbc\r\n3;y="z"\r\ndef\r\n0\r\nA: b\r\nEmpty:\r\nC: d \r\n\r\nnext',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'HTTP/1.1 200 OK\r\ntransfer-encoding:\tCHUNKED \r\n\r\n00000A\r\n0123456789\r\n000\r\n\r\n',
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n\x81\x05hello',
  'HTTP/1.0 200 OK\r\n\r\nuntil the end',
  'HTTP/1.1 599 Odd\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc'
]

test('a response reads the same, whole, byte by byte, or split in two at any byte', () => {
  for (const response of RESPONSES) {
    const bytes = Buffer.from(response, 'latin1')
    const whole = transcript(bytes, [])
    assert.notEqual(whole.outcome, 'failed', response)
    assert.deepEqual(transcript(bytes, everywhere(bytes)), whole, response)
    for (const at of everywhere(bytes))
      assert.deepEqual(transcript(bytes, [at]), whole, `${response} at ${at}`)
  }
})

test('what comes behind a response is left alone', () => {
  const { body, leftover } = transcript(Buffer.from(`${RESPONSES[0]!}HTTP/1.1 200`), [])
  assert.deepEqual({ body, leftover }, { body: 'hello', leftover: 'HTTP/1.1 200' })
})

test('what comes behind a switch of protocols is left alone', () => {
  const { outcome, leftover } = transcript(Buffer.from(RESPONSES[9]!, 'latin1'), [])
  assert.deepEqual({ outcome, leftover }, { outcome: 'switched', leftover: '\x81\x05hello' })
})

test('blanks around a value are no part of it, blanks within are', () => {
  const { head } = transcript(Buffer.from(RESPONSES[1]!), [])
  assert.deepEqual(head?.headers, ['Empty', '', 'Blank', '', 'X', 'a b  c', 'X', 'y', 'Content-Length', '0'])
})

test('the head may be as long as the limit and no byte longer', () => {
  const head = `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(1000)}\r\nContent-Length: 0\r\n\r\n`
  const bytes = Buffer.from(head)
  for (const splits of [[], everywhere(bytes)]) {
    assert.equal(transcript(bytes, splits, { maxHead: bytes.length }).outcome, 'done')
    assert.equal(transcript(bytes, splits, { maxHead: bytes.length - 1 }).outcome, 'failed')
  }
})

test('a chunked body may be longer than the limit of its head', () => {
  const chunk = `3e8\r\n${'x'.repeat(1000)}\r\n`
  const bytes = Buffer.from(
    `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunk.repeat(200)}0\r\n\r\n`
  )
  const { outcome, body } = transcript(bytes, [70_000, 140_000], { maxHead: 2000 })
  assert.deepEqual({ outcome, length: body.length }, { outcome: 'done', length: 200_000 })
})

test('a value that is nearly all blanks is read in no time', () => {
  const bytes = Buffer.from(
    `HTTP/1.1 200 OK\r\nX: ${' '.repeat(60_000)}x${' '.repeat(4000)}\r\nContent-Length: 0\r\n\r\n`
  )
  assert.equal(transcript(bytes, []).head?.headers[1]?.length, 60_001 - 60_000)
})
