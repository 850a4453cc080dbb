import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settle } from '../http1/recording-sink.ts'
import { answeringFrames, CODE, data, FLAG, headers, reset } from './frame-backend.ts'
import { connectTo, startHttp2Backend } from './http2-backend.ts'

const LENGTH = 1024 * 1024
const BODY = Buffer.alloc(LENGTH, 'x')
const AT_ONCE = 50

test('many large responses of a server of node:http2 come whole, side by side', async (t) => {
  // As what is written with its Http2ServerResponse does: such a stream ends with an empty frame, and is reset without an
  // error when it has to wait for the window of the session.
  const backend = await startHttp2Backend(
    t,
    (stream) => {
      stream.once('wantTrailers', () => stream.sendTrailers({}))
      stream.respond({ ':status': 200 }, { waitForTrailers: true })
      stream.end(BODY)
    },
    { maxSessionMemory: 1_000 }
  )
  const connection = connectTo(t, backend.url)
  await settle(connection)
  const sinks = await Promise.all(Array.from({ length: AT_ONCE }, () => settle(connection)))
  for (const { failure, body } of sinks) assert.deepEqual([failure, body.length], [undefined, LENGTH])
  assert.equal(backend.opened.sessions, 1)
})

test('a reset with NO_ERROR behind as much as was announced leaves the response whole', async (t) => {
  const backend = await answeringFrames(t, (stream) => [
    headers(stream, 0, ':status', '200', 'content-length', '4'),
    data(stream, 'body'),
    reset(stream, CODE.none)
  ])
  const { failure, body } = await settle(connectTo(t, backend.url))
  assert.deepEqual([failure, body], [undefined, 'body'])
})

for (const [what, fields, code] of [
  ['a reset with NO_ERROR before that', ['content-length', '5'], CODE.none],
  ['a reset with an error behind it', ['content-length', '4'], CODE.internal],
  ['a reset with NO_ERROR where nothing was announced', [], CODE.none]
] as const) {
  test(`${what} breaks the response`, async (t) => {
    const backend = await answeringFrames(t, (stream) => [
      headers(stream, 0, ':status', '200', ...fields),
      data(stream, 'body'),
      reset(stream, code)
    ])
    const { failure } = await settle(connectTo(t, backend.url))
    assert.deepEqual(failure, { reason: 'reset', sent: true, reused: false })
  })
}

test('a head that ends its stream is whole, whatever length it names', async (t) => {
  const backend = await answeringFrames(t, (stream) => [
    headers(stream, FLAG.endStream, ':status', '200', 'content-length', '4')
  ])
  const { failure, body } = await settle(connectTo(t, backend.url), { method: 'HEAD' })
  assert.deepEqual([failure, body], [undefined, ''])
})
