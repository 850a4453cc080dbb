import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { startRawBackend } from './raw-backend.ts'
import { connectTo, settle } from './recording-sink.ts'

/** Sends an upload that goes on, without a pause to read, while the backend refuses it. */
async function upload(t: Parameters<typeof connectTo>[0], url: string) {
  const body = new PassThrough()
  const more = setInterval(() => body.write(Buffer.alloc(65_536)), 1)
  t.after(() => clearInterval(more))
  return await settle(connectTo(t, url), { method: 'POST', headers: ['Host', 'a'], body })
}

test('an answer that has come is read although the upload fails', async (t) => {
  const backend = await startRawBackend(t, ({ socket }) => {
    socket.pause()
    socket.write('HTTP/1.1 413 Too Large\r\nContent-Length: 200000\r\n\r\n')
    socket.write(Buffer.alloc(200_000, 'x'))
    setTimeout(() => socket.destroySoon(), 50)
  })
  for (let turn = 0; turn < 5; turn++) {
    const sink = await upload(t, backend.url)
    assert.deepEqual([sink.failure, sink.head?.status, sink.body.length], [undefined, 413, 200_000])
  }
})

test('without an answer the upload’s failure is the exchange’s, soon', async (t) => {
  const backend = await startRawBackend(t, ({ socket }) => socket.resetAndDestroy())
  const start = performance.now()
  const sink = await upload(t, backend.url)
  assert.deepEqual(sink.failure, { reason: 'reset', sent: true, reused: false })
  assert.ok(performance.now() - start < 5_000)
})
