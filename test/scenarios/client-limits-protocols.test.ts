import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { startBackend } from '../helpers/backend.ts'
import { FLAG, frame, getFields, rawHttp2, TYPE } from '../helpers/raw-http2.ts'
import { startUpgradeBackend } from '../helpers/upgrade-backend.ts'
import { until } from '../helpers/until.ts'
import { startClientLab } from './client-limits-lab.ts'

/** Far below what the test waits. */
const LIMITS = {
  headersTimeout: '500ms',
  requestTimeout: '500ms',
  keepAliveTimeout: '200ms',
  sendTimeout: '300ms',
  maxConnections: 6
}
/** More than the kernel takes for a client that does not read. */
const LARGE = 16 * 1024 * 1024

suite('limits of connections', { concurrency: true }, () => {
  for (const [way, workers] of [
    ['plain', 0],
    ['plain', 2],
    ['TLS', 0]
  ] as const) {
    test(`are not for upgraded ones, ${way}, with ${workers} workers`, async (t) => {
      const backend = await startUpgradeBackend(t)
      const lab = await startClientLab(t, backend.url, LIMITS, { way, workers })
      const client = await lab.connect(t)
      client.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n')
      await client.untilText('101')
      client.pause()
      const { socket } = await backend.connection(0)
      socket.write(Buffer.alloc(LARGE, 'x'))
      for (let count = 0; count < 15; count++) {
        await lab.connect(t)
        await delay(100)
      }
      assert.equal(client.isClosed(), false)
      client.resume()
      await until('all was read', () => client.text().length > LARGE)
    })
  }

  test('hold for the headers of HTTP/2', async (t) => {
    const { url } = await startBackend(t, 'fine')
    const lab = await startClientLab(t, url, { maxHeaders: 20, maxHeaderSize: '2KiB' }, { way: 'TLS' })
    const client = await rawHttp2(t, Number(new URL(lab.url).port))
    const whole = FLAG.endHeaders | FLAG.endStream
    const fields = (count: number): (readonly [string, string])[] =>
      Array.from({ length: count }, (_, index) => [`x-${index}`, 'y'] as const)
    client.write(
      frame(TYPE.headers, whole, 1, getFields('/', ...fields(25))),
      frame(TYPE.headers, whole, 3, getFields('/', ['x-large', 'y'.repeat(3000)])),
      frame(TYPE.headers, whole, 5, getFields('/', ...fields(15)))
    )
    const answer = async (stream: number): Promise<string> =>
      (await client.untilFrame(TYPE.data, stream)).payload.toString()
    assert.match(await answer(1), /"status":431/)
    assert.match(await answer(3), /"status":431/)
    assert.equal(await answer(5), 'fine')
    assert.equal(client.isClosed(), false)
  })
})
