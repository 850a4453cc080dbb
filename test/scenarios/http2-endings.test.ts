import assert from 'node:assert/strict'
import { suite, test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { startBackend } from '../helpers/backend.ts'
import type { RawConfig } from '../helpers/gateway.ts'
import { forwardAll, type Http2Lab, startHttp2Lab } from '../helpers/http2-lab.ts'
import { FLAG, fields, frame, getFrame, type RawHttp2, rawHttp2, TYPE, word } from '../helpers/raw-http2.ts'
import { until } from '../helpers/until.ts'

/** What a session may send before its client says more (RFC 9113 section 6.9.2). */
const WINDOW = 65_535
const MORE = 20_000
/** A little more than the window. */
const LENGTH = 70_000

interface Window {
  readonly lab: Http2Lab
  readonly client: RawHttp2
}

/** A client whose streams have all the room that they like, but share the window of their session. */
async function startWindow(t: TestContext, route: RawConfig = {}): Promise<Window> {
  const backend = await startBackend(t, 'a', (request, response) => {
    response.end(Buffer.alloc(request.url === '/endless' ? 8 * 1024 * 1024 : LENGTH, 'x'))
  })
  const lab = await startHttp2Lab(t, forwardAll(backend.url, {}, route))
  const client = await rawHttp2(t, Number(new URL(lab.url).port))
  const initialWindow = Buffer.concat([Buffer.from([0, 4]), word(2 ** 24)])
  client.write(frame(TYPE.settings, FLAG.none, 0, initialWindow))
  return { lab, client }
}

/** Bytes of body on all streams. */
function received({ frames }: RawHttp2): number {
  return frames.reduce((sum, { type, payload }) => sum + (type === TYPE.data ? payload.length : 0), 0)
}

/**
 * Reads a response on stream 1 while another waits to take whatever window it leaves: nothing is left for the empty frame
 * that ends the first.
 */
async function assertEndsInOrder({ client }: Window, ...request: readonly Buffer[]): Promise<void> {
  client.write(...request)
  await until('the window is used up', () => received(client) === WINDOW)
  client.write(getFrame(3, '/endless'))
  await client.untilFrame(TYPE.headers, 3)
  const isEnd = ({ type, flags, stream }: (typeof client.frames)[number]): boolean =>
    stream === 1 && (type === TYPE.resetStream || (type === TYPE.data && (flags & FLAG.endStream) !== 0))
  for (let turn = 1; turn < 100 && !client.frames.some(isEnd); turn++) {
    await delay(10)
    client.write(frame(TYPE.windowUpdate, FLAG.none, 0, word(MORE)))
    const most = WINDOW + turn * MORE
    await until('that is used up, too', () => received(client) === most)
  }
  const body = client.frames.filter(({ type, stream }) => type === TYPE.data && stream === 1)
  assert.equal(
    body.reduce((sum, { payload }) => sum + payload.length, 0),
    LENGTH
  )
  assert.equal(client.frames.find(isEnd)?.type, TYPE.data)
}

suite(
  'a response that uses up the window of its client’s session ends in order',
  { concurrency: true },
  () => {
    test('to a request without a body', async (t) => {
      await assertEndsInOrder(await startWindow(t), getFrame(1))
    })

    test('to an upload that has not ended', async (t) => {
      const header = fields(
        [':method', 'POST'],
        [':scheme', 'https'],
        [':authority', 'a.test'],
        [':path', '/']
      )
      const upload = [frame(TYPE.headers, FLAG.endHeaders, 1, header), frame(TYPE.data, FLAG.none, 1)]
      const window = await startWindow(t)
      await assertEndsInOrder(window, ...upload)
      // It is asked to send no more.
      await window.client.untilFrame(TYPE.resetStream, 1)
    })

    test('that was collected first', async (t) => {
      await assertEndsInOrder(await startWindow(t, { mode: 'buffered' }), getFrame(1))
    })
  }
)
