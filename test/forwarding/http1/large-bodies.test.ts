import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { until } from '../../helpers/until.ts'
import { startRawBackend } from './raw-backend.ts'
import { connectTo, send } from './recording-sink.ts'

/** So many bytes that no part of them is like another. */
function pattern(length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length)
  for (let at = 0; at + 4 <= length; at += 4) bytes.writeUInt32LE(Math.imul(at, 2_654_435_761) >>> 0, at)
  return bytes
}

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

const BODY = pattern(3_000_000)

function framed(body: Buffer, framing: 'length' | 'chunked' | 'close'): Buffer[] {
  if (framing === 'length')
    return [Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`), body]
  if (framing === 'close') return [Buffer.from('HTTP/1.1 200 OK\r\n\r\n'), body]
  const out: Buffer[] = [Buffer.from('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')]
  for (let at = 0, size = 1; at < body.length; at += size, size = ((size * 7) % 190_000) + 1) {
    const chunk = body.subarray(at, at + size)
    out.push(Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n'))
  }
  return [...out, Buffer.from('0\r\n\r\n')]
}

for (const framing of ['length', 'chunked', 'close'] as const) {
  test(`large bodies keep every byte while others are read on the same thread (${framing})`, async (t) => {
    const backend = await startRawBackend(t, ({ socket }) => {
      socket.write(Buffer.concat(framed(BODY, framing)))
      if (framing === 'close') socket.end()
    })
    const connection = connectTo(t, backend.url)
    const wanted = digest(BODY)
    for (let round = 0; round < 2; round++) {
      const sinks = Array.from({ length: 4 }, () => send(connection))
      for (const sink of sinks) {
        await sink.settled()
        assert.equal(sink.failure, undefined)
        assert.equal(digest(Buffer.concat(sink.chunks)), wanted)
      }
    }
  })
}

test('a large request body keeps every byte', async (t) => {
  const backend = await startRawBackend(t)
  const pieces: Buffer[] = []
  for (let at = 0; at < BODY.length; at += 50_000) pieces.push(BODY.subarray(at, at + 50_000))
  const headers = ['Host', 'shop.test', 'Content-Length', String(BODY.length)]
  const sink = send(connectTo(t, backend.url), { method: 'PUT', headers, body: Readable.from(pieces) })
  const raw = await backend.connection(0)
  await raw.untilReceived('\r\n\r\n')
  const length = raw.received().indexOf('\r\n\r\n') + 4 + BODY.length
  await until('all of the body came', () => raw.received().length >= length)
  raw.send('HTTP/1.1 204 No Content\r\n\r\n')
  await sink.settled()
  const arrived = Buffer.from(raw.received(), 'latin1').subarray(length - BODY.length)
  assert.equal(digest(arrived), digest(BODY))
})
