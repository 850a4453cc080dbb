import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answering } from './raw-backend.ts'
import { connectTo, settle } from './recording-sink.ts'
import { everywhere, transcript } from './transcript.ts'

const OK = 'HTTP/1.1 200 OK\r\n'
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`

/** Responses that are no HTTP, or none that can be passed on without doubt about where they end. */
const MALFORMED: Readonly<Record<string, string>> = {
  'no HTTP at all': 'SSH-2.0-OpenSSH_9.6\r\n',
  'a byte of TLS': '\x15\x03\x01\x00\x02\x02\x46',
  'an empty line first': `\r\n${OK}\r\n`,
  'another protocol of the family, RTSP': 'RTSP/1.0 200 OK\r\n\r\n',
  'another protocol of the family, ICE': 'ICE/1.0 200 OK\r\n\r\n',
  'a protocol in lower case': 'http/1.1 200 OK\r\n\r\n',
  'HTTP/0.9': 'HTTP/0.9 200 OK\r\n\r\n',
  'HTTP/2.0': 'HTTP/2.0 200 OK\r\n\r\n',
  'HTTP/1.2': 'HTTP/1.2 200 OK\r\n\r\n',
  'a version of two digits': 'HTTP/1.10 200 OK\r\n\r\n',
  'no status': 'HTTP/1.1 OK\r\n\r\n',
  'a status of two digits': 'HTTP/1.1 20 OK\r\n\r\n',
  'a status of four digits': 'HTTP/1.1 2000 OK\r\n\r\n',
  'a status below 100': 'HTTP/1.1 099 OK\r\n\r\n',
  'two spaces before the status': 'HTTP/1.1  200 OK\r\n\r\n',
  'NUL in the reason phrase': 'HTTP/1.1 200 O\0K\r\n\r\n',
  'a bare CR in the reason phrase': 'HTTP/1.1 200 O\rK\r\n\r\n',
  'a control character in the reason phrase': 'HTTP/1.1 200 O\x1bK\r\n\r\n',
  'a bare LF behind the status line': 'HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n',
  'a bare LF behind a field': `${OK}A: b\nContent-Length: 0\r\n\r\n`,
  'a bare LF behind the head': `${OK}Content-Length: 0\r\n\n`,
  'a bare CR in a value': `${OK}A: b\rc\r\n\r\n`,
  'NUL in a value': `${OK}A: b\0c\r\n\r\n`,
  'DEL in a value': `${OK}A: b\x7f\r\n\r\n`,
  'NUL in a name': `${OK}A\0: b\r\n\r\n`,
  'a byte beyond ASCII in a name': `${OK}A\xe9: b\r\n\r\n`,
  'a field without a name': `${OK}: b\r\n\r\n`,
  'a line without a colon': `${OK}Content-Length\r\n\r\n`,
  'a space before the colon': `${OK}Content-Length : 0\r\n\r\n`,
  'a space before the first field': `${OK} A: b\r\n\r\n`,
  'a folded field': `${OK}A: b\r\n c\r\n\r\n`,
  'a folded field with a tab': `${OK}A: b\r\n\tc\r\n\r\n`,
  'Content-Length and Transfer-Encoding': `${OK}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  'Transfer-Encoding and Content-Length': `${OK}Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n`,
  'two different Content-Lengths': `${OK}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd`,
  'the same Content-Length twice': `${OK}Content-Length: 3\r\ncontent-length: 3\r\n\r\nabc`,
  'a list of Content-Lengths': `${OK}Content-Length: 3, 3\r\n\r\nabc`,
  'an empty Content-Length': `${OK}Content-Length:\r\n\r\n`,
  'a signed Content-Length': `${OK}Content-Length: +3\r\n\r\nabc`,
  'a negative Content-Length': `${OK}Content-Length: -3\r\n\r\nabc`,
  'a hexadecimal Content-Length': `${OK}Content-Length: 0x3\r\n\r\nabc`,
  'a Content-Length with a fraction': `${OK}Content-Length: 3.0\r\n\r\nabc`,
  'a Content-Length beyond 64 bits': `${OK}Content-Length: 99999999999999999999\r\n\r\nabc`,
  'a Content-Length beyond what counts exactly': `${OK}Content-Length: 9007199254740993\r\n\r\nabc`,
  'a tab behind Content-Length': `${OK}Content-Length: 3\t\r\n\r\nabc`,
  'a tab behind chunked': `${OK}Transfer-Encoding: chunked\t\r\n\r\n0\r\n\r\n`,
  'a Content-Length of two words': `${OK}Content-Length: 3 4\r\n\r\nabc`,
  'an empty Transfer-Encoding': `${OK}Transfer-Encoding:\r\n\r\nabc`,
  'a coding that nobody asked for': `${OK}Transfer-Encoding: gzip\r\n\r\nabc`,
  'a coding that nobody asked for, and chunked': `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
  'chunked that is not last': `${OK}Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n`,
  'chunked twice': `${OK}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n`,
  'chunked in two fields': `${OK}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  'almost chunked': `${OK}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`,
  'chunked with a parameter': `${OK}Transfer-Encoding: chunked;a=b\r\n\r\n0\r\n\r\n`,
  identity: `${OK}Transfer-Encoding: identity\r\n\r\nabc`,
  'a head without end, longer than allowed': `${OK}X: ${'x'.repeat(70_000)}`,
  'a head of many fields, longer than allowed': `${OK}${'A: b\r\n'.repeat(12_000)}\r\n`,
  'a switch of protocols that nobody asked for':
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
  'an interim response with a body': `HTTP/1.1 103 Early Hints\r\nContent-Length: 3\r\n\r\nabc${OK}\r\n`
}

/** Chunked bodies that break when the head is through already. */
const BAD_CHUNKS: Readonly<Record<string, string>> = {
  'no number': 'xyz\r\nabc\r\n0\r\n\r\n',
  'an empty chunk size': '\r\nabc\r\n0\r\n\r\n',
  'a hexadecimal prefix': '0x3\r\nabc\r\n0\r\n\r\n',
  'a signed size': '+3\r\nabc\r\n0\r\n\r\n',
  'a negative size': '-3\r\nabc\r\n0\r\n\r\n',
  'a space before the size': ' 3\r\nabc\r\n0\r\n\r\n',
  'a space behind the size': '3 \r\nabc\r\n0\r\n\r\n',
  'an underscore in the size': '1_0\r\nabc\r\n0\r\n\r\n',
  'a size beyond 64 bits': 'fffffffffffffffff\r\nabc\r\n0\r\n\r\n',
  'a size that wraps around': '10000000000000003\r\nabc\r\n0\r\n\r\n',
  'a bare LF behind the size': '3\nabc\r\n0\r\n\r\n',
  'a bare CR behind the size': '3\rabc\r\n0\r\n\r\n',
  'a bare LF in an extension': '3;a\nb\r\nabc\r\n0\r\n\r\n',
  'NUL in an extension': '3;a\0b\r\nabc\r\n0\r\n\r\n',
  'a chunk that is longer than it says': '3\r\nabcd\r\n0\r\n\r\n',
  'a chunk that is shorter than it says': '4\r\nabc\r\n0\r\n\r\n',
  'no line break behind the data': '3\r\nabc0\r\n\r\n',
  'a bare LF behind the data': '3\r\nabc\n0\r\n\r\n',
  'a bare LF behind the last chunk': '3\r\nabc\r\n0\n\r\n',
  'Content-Length in the trailers': '3\r\nabc\r\n0\r\nContent-Length: 3\r\n\r\n',
  'Transfer-Encoding in the trailers': '3\r\nabc\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n',
  'a folded trailer': '3\r\nabc\r\n0\r\nA: b\r\n c\r\n\r\n',
  "a space before a trailer's colon": '3\r\nabc\r\n0\r\nA : b\r\n\r\n',
  'trailers that are longer than allowed': `3\r\nabc\r\n0\r\n${'A: b\r\n'.repeat(12_000)}\r\n`,
  'an extension that is longer than allowed': `3;${'x'.repeat(70_000)}\r\nabc\r\n0\r\n\r\n`
}

const ALL: readonly (readonly [string, string])[] = [
  ...Object.entries(MALFORMED),
  ...Object.entries(BAD_CHUNKS).map(([what, body]) => [`chunks with ${what}`, CHUNKED + body] as const)
]

for (const [what, response] of ALL) {
  test(`a response with ${what} is a protocol error`, async (t) => {
    const backend = await answering(t, response)
    const connection = connectTo(t, backend.url)
    const sink = await settle(connection)
    assert.deepEqual(sink.failure, { reason: 'protocol_error', sent: true, reused: false })
    // The next request goes over a connection of its own.
    await settle(connection)
    assert.equal(backend.connections.length, 2)
  })
}

test('a malformed response is told however its bytes are split', () => {
  for (const [what, response] of ALL) {
    const bytes = Buffer.from(response, 'latin1')
    const whole = transcript(bytes, [])
    assert.ok(whole.outcome === 'failed' || whole.outcome === 'switched', what)
    // Of the ones that are malformed by their length, some splits will do.
    const step = bytes.length < 1000 ? 1 : 997
    const positions = everywhere(bytes).filter((at) => at % step === 0)
    for (const splits of [positions, ...positions.map((at) => [at])]) {
      const { outcome, head } = transcript(bytes, splits)
      assert.deepEqual({ outcome, head }, { outcome: whole.outcome, head: whole.head }, what)
    }
  }
})
