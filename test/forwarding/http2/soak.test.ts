import assert from 'node:assert/strict'
import { PassThrough, Readable } from 'node:stream'
import { test } from 'node:test'
import { until } from '../../helpers/until.ts'
import { send, settle } from '../http1/recording-sink.ts'
import { connectTo, startHttp2Backend, type StreamHandler } from './http2-backend.ts'

const ANSWERS: Readonly<Record<string, StreamHandler>> = {
  '/get': (stream) => {
    stream.respond({ ':status': 200 })
    stream.end('a'.repeat(10_000))
  },
  '/echo': (stream) => {
    stream.respond({ ':status': 200 })
    stream.pipe(stream)
  },
  '/refuse': (stream) => stream.close(7),
  '/break': (stream) => {
    // Without the wait, Node ends a stream before it resets it.
    stream.respond({ ':status': 200 }, { waitForTrailers: true })
    stream.write('half', () => stream.close(2))
  },
  '/never': () => {},
  '/early': (stream) => stream.respond({ ':status': 413 }, { endStream: true })
}
const STREAMS = 5000
const AT_ONCE = 50

test('five thousand streams, however they end, leave none behind, and no listener', async (t) => {
  const backend = await startHttp2Backend(
    t,
    (stream, { ':path': path }) => ANSWERS[path as string]!(stream, {}, []),
    // By default, Node ends a session whose streams are reset more often than that.
    { streamResetBurst: 2 * STREAMS, streamResetRate: 2 * STREAMS }
  )
  const connection = connectTo(t, backend.url)
  await settle(connection, { target: '/get' })
  const seen = new Map<string, number>()
  let left = STREAMS
  const one = async (): Promise<void> => {
    for (let turn = left--; turn > 0; turn = left--) {
      const target = Object.keys(ANSWERS)[turn % 6]!
      const upload = target === '/early' ? new PassThrough() : Readable.from([Buffer.from('abc')])
      const hasBody = target === '/echo' || target === '/early'
      const sink = send(connection, {
        target,
        ...(hasBody && { method: 'POST', body: upload })
      })
      if (target === '/never') {
        await until('it was sent', () => sink.calls.includes('sending'))
        sink.exchange!.abort()
      } else await sink.settled()
      if (hasBody)
        assert.deepEqual(
          ['data', 'end', 'close', 'error'].map((name) => upload.listenerCount(name) < 2),
          [true, true, true, true]
        )
      const outcome = `${target} ${sink.failure?.reason ?? sink.head?.status ?? 'aborted'} ${sink.body.length}`
      seen.set(outcome, (seen.get(outcome) ?? 0) + 1)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, one))
  assert.deepEqual([...seen.keys()].toSorted(), [
    '/break reset 4',
    '/early 413 0',
    '/echo 200 3',
    '/get 200 10000',
    '/never aborted 0',
    '/refuse reset 0'
  ])
  await until('no stream is left', () => backend.streams.size === 0)
  assert.equal(backend.opened.sessions, 1)
  await connection.close()
  await until('no session is left', () => backend.sessions.size === 0)
})
