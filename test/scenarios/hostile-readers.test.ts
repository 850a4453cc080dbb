import assert from 'node:assert/strict'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { startBackend, type TestBackend } from '../helpers/backend.ts'
import { untilIdle } from '../helpers/gateway.ts'
import { FLAG, frame, getFrame, type RawHttp2, rawHttp2, TYPE, word } from '../helpers/raw-http2.ts'
import { until } from '../helpers/until.ts'
import { get, startClientLab } from './client-limits-lab.ts'

const LIMITS = { sendTimeout: '1s', keepAliveTimeout: '30s' }
const MIB = 1024 * 1024
/** More than the kernel takes for a client that does not read. */
const LARGE = 32 * MIB
/** One for all: what the machine is busy with looks like a client that does not read. */
const BODY = Buffer.alloc(LARGE, 'x')
/** The timeout, two seconds, and some for a busy machine. */
const SOON = 8_000

/** Answers with what the path asks for. */
async function startSource(t: Parameters<typeof startBackend>[0]): Promise<TestBackend> {
  return await startBackend(t, 'a', (request: IncomingMessage, response: ServerResponse) => {
    if (request.url === '/quiet') {
      response.write('begun')
      setTimeout(() => response.end('done'), 2_500)
    } else if (request.url === '/small') response.end('small')
    else {
      const type = request.url === '/events' ? 'text/event-stream' : 'application/octet-stream'
      response.writeHead(200, { 'content-type': type })
      response.end(request.url === '/whole' ? BODY.subarray(0, 8 * MIB) : BODY)
    }
  })
}

/** `SETTINGS_INITIAL_WINDOW_SIZE`. */
function windowOf(size: number): Buffer {
  return frame(TYPE.settings, FLAG.none, 0, Buffer.concat([Buffer.from([0, 4]), word(size)]))
}

function isReset({ frames }: RawHttp2, stream: number): boolean {
  return frames.some((each) => each.type === TYPE.resetStream && each.stream === stream)
}

suite('clients that do not read', () => {
  for (const way of ['plain', 'TLS'] as const) {
    for (const workers of way === 'plain' ? [0, 2] : [0]) {
      suite(`clients that do not read, ${way}, with ${workers} workers`, { concurrency: true }, () => {
        test('one that takes nothing of a response is cut, and the log says why', async (t) => {
          const lab = await startClientLab(t, (await startSource(t)).url, LIMITS, { way, workers })
          const client = await lab.connect(t)
          client.write(get('/large'))
          await client.untilText('200 OK')
          client.pause()
          await until(
            'nothing is in flight',
            async () => (await lab.group('lab')).backends[0]!.inFlight === 0,
            SOON
          )
          client.resume()
          await client.closed
          await lab.assertNextLine({ status: 200, reason: 'client_too_slow' })
        })

        test('also when the whole response is in the gateway’s hands', async (t) => {
          const route = { mode: 'buffered' }
          const lab = await startClientLab(t, (await startSource(t)).url, LIMITS, { way, workers, route })
          const client = await lab.connect(t)
          client.pause()
          client.write(get('/whole'))
          await until('it is cut, whatever it sends itself', () => {
            client.write('\r\n')
            return client.isClosed()
          })
          assert.equal(client.text(), '')
          await lab.assertNextLine({ status: 200, reason: 'client_too_slow' })
        })

        test('an event stream, a silent response and a client that reads slowly go on', async (t) => {
          const lab = await startClientLab(t, (await startSource(t)).url, LIMITS, { way, workers })
          const [events, quiet, slow] = [await lab.connect(t), await lab.connect(t), await lab.connect(t)]
          events.write(get('/events'))
          await events.untilText('200 OK')
          events.pause()
          quiet.write(get('/quiet'))
          slow.write(get('/large'))
          for (let count = 0; count < 8; count++) {
            slow.pause()
            await delay(250)
            slow.resume()
            await delay(50)
          }
          await quiet.untilText('done')
          assert.deepEqual([events.isClosed(), slow.isClosed()], [false, false])
          await until('all was read', () => slow.text().length > LARGE)
          events.resume()
          await until('all events were read', () => events.text().length > LARGE)
        })
      })
    }
  }

  for (const workers of [0, 2]) {
    suite(`clients of HTTP/2 that do not read, with ${workers} workers`, { concurrency: true }, () => {
      test('a stream with a closed window is reset, others and event streams go on', async (t) => {
        const lab = await startClientLab(t, (await startSource(t)).url, LIMITS, { way: 'TLS', workers })
        const client = await rawHttp2(t, Number(new URL(lab.url).port))
        client.write(windowOf(10), getFrame(1, '/large'), getFrame(3, '/small'), getFrame(5, '/events'))
        await until('the stuck stream is reset', () => isReset(client, 1), SOON)
        assert.deepEqual([isReset(client, 5), client.isClosed()], [false, false])
        await client.untilFrame(TYPE.data, 3)
        await lab.assertNextLine({ path: '/small', status: 200 })
        await lab.assertNextLine({ path: '/large', status: 200, reason: 'client_too_slow' })
      })

      test('so is one of a whole response, however small', async (t) => {
        const lab = await startClientLab(t, (await startSource(t)).url, LIMITS, { way: 'TLS', workers })
        const client = await rawHttp2(t, Number(new URL(lab.url).port))
        client.write(windowOf(0), getFrame(1, '/small'))
        await until('it is reset', () => isReset(client, 1), SOON)
        await untilIdle(lab.gateway)
      })

      test('a session that reads nothing from its connection is cut', async (t) => {
        const lab = await startClientLab(t, (await startSource(t)).url, LIMITS, { way: 'TLS', workers })
        const client = await rawHttp2(t, Number(new URL(lab.url).port))
        const opened = frame(TYPE.windowUpdate, FLAG.none, 0, word(2 ** 30))
        client.write(windowOf(2 ** 30), opened, getFrame(1, '/large'))
        await client.untilFrame(TYPE.headers, 1)
        client.socket.pause()
        await until(
          'nothing is in flight',
          async () => (await lab.group('lab')).backends[0]!.inFlight === 0,
          SOON
        )
        client.socket.resume()
        await client.closed
        await lab.assertNextLine({ path: '/large', reason: 'client_too_slow' })
      })
    })
  }
})
