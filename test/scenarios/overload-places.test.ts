import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { plainApp } from '../plugins/plain-app.ts'
import { route } from '../routing/routes.ts'
import { group } from '../upstreams/groups.ts'
import { startBackend } from '../helpers/backend.ts'
import { startGateway, WORKER_COUNTS } from '../helpers/gateway.ts'
import { localCertificate } from '../helpers/http2-lab.ts'
import { closedPort } from '../helpers/misbehaving-backend.ts'
import { rawClient } from '../helpers/raw-client.ts'
import { FLAG, frame, getFrame, rawHttp2, TYPE } from '../helpers/raw-http2.ts'
import { until } from '../helpers/until.ts'

/** SETTINGS by which nothing of a body may be sent: INITIAL_WINDOW_SIZE is 0 (RFC 9113 section 6.5.2). */
function noWindow(): Buffer {
  const payload = Buffer.alloc(6)
  payload.writeUInt16BE(4, 0)
  return frame(TYPE.settings, FLAG.none, 0, payload)
}

describe('the places of a group with a concurrency limit', { concurrency: 2 }, () => {
  test('are not held by uploads that drip', async (t) => {
    const backend = await startBackend(t, 'a', (request, response) => {
      request.resume()
      request.once('end', () => response.end('a'))
    })
    const { url, group: view } = await startGateway(
      t,
      {
        upstreams: { lab: { backends: [backend.url], concurrency: { mode: 'static', max: 3 } } },
        routes: [{ path: '/', upstream: 'lab' }]
      },
      { workers: 2 }
    )
    const underWay = async (): Promise<number> => (await view('lab')).concurrency!.underWay
    const slow = await Promise.all([1, 2, 3].map(() => rawClient(t, url)))
    for (const client of slow)
      client.write('POST / HTTP/1.1\r\nHost: gateway.test\r\nContent-Length: 2\r\n\r\na')
    await until('they have all places', async () => (await underWay()) === 3)
    assert.equal((await fetch(url)).status, 503)
    await until('they have none', async () => (await underWay()) === 0)
    assert.equal((await fetch(url)).status, 200)
    for (const client of slow) client.write('b')
    for (const client of slow) await client.untilText('HTTP/1.1 200 ')
    await until('all is over', async () => (await underWay()) === 0)
  })

  for (const workers of WORKER_COUNTS) {
    test(`are not held by a client that does not read why it failed, with ${workers} workers`, async (t) => {
      const { certificate } = await localCertificate()
      const gateway = await startGateway(
        t,
        {
          server: { tls: { certificates: [certificate] } },
          upstreams: {
            lab: { backends: [await closedPort()], concurrency: { mode: 'static', max: 2 } }
          },
          routes: [{ path: '/', upstream: 'lab' }]
        },
        { workers }
      )
      const client = await rawHttp2(t, Number(new URL(gateway.url).port))
      client.write(noWindow())
      // Behind its acknowledgement, the gateway goes by it.
      await until('the settings hold', () =>
        client.frames.some(({ type, flags }) => type === TYPE.settings && flags === FLAG.ack)
      )
      const streams = [1, 3, 5, 7]
      for (const stream of streams) {
        client.write(getFrame(stream))
        await client.untilFrame(TYPE.headers, stream)
      }
      assert.ok(!client.frames.some(({ type, payload }) => type === TYPE.data && payload.length > 0))
      const { concurrency } = await gateway.group('lab')
      assert.deepEqual(concurrency, { underWay: 0, limit: 2 })
    })
  }

  test('are not held while an upload comes, whose time is not counted as that of the service', async (t) => {
    const backend = await startBackend(t, 'a', (request, response) => {
      request.resume()
      request.once('end', () => response.end('ok'))
    })
    const concurrency = { mode: 'adaptive', min: 20, max: 1000 } as const
    const { app, url } = await plainApp(t, {
      upstreams: [group('lab', [new URL(backend.url).host], { concurrency })],
      routes: [route('/', { upstream: 'lab' })]
    })
    const load = app.upstreams.get('lab')!.load!
    const client = await rawClient(t, url)
    client.write('POST / HTTP/1.1\r\nHost: gateway.test\r\nContent-Length: 2\r\n\r\na')
    await until('it is under way', () => load.underWay() === 1)
    await until('it holds no place while its client is slow', () => load.underWay() === 0)
    client.write('b')
    await client.untilText('200 OK')
    const { answered, answeredTime } = load.totals
    assert.deepEqual([load.underWay(), answered], [0, 1])
    assert.ok(answeredTime < 800, `${answeredTime} ms`)
  })
})
