import assert from 'node:assert/strict'
import { suite, test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { startBackend } from '../helpers/backend.ts'
import { untilIdle } from '../helpers/gateway.ts'
import { startHoldingBackend } from '../helpers/holding-backend.ts'
import { tcpClient, untilClosed } from '../helpers/tls-client.ts'
import { until } from '../helpers/until.ts'
import {
  assertFired,
  beginUpload,
  get,
  type LabClient,
  proxyHeader,
  startClientLab,
  WAYS
} from './client-limits-lab.ts'

const LIMITS = { headersTimeout: '400ms', requestTimeout: '800ms', keepAliveTimeout: '200ms' }
/** Node's server gives an idle connection so much more, for clients that count by the same clock. */
const KEEP_ALIVE_BUFFER = 1_000

/** Sends a byte now and again until the connection is over. */
function drip(t: TestContext, client: LabClient): void {
  const timer = setInterval(() => client.write('x'), 100)
  t.after(() => clearInterval(timer))
  void client.closed.then(() => clearInterval(timer))
}

suite('clients that take their time', { concurrency: 4 }, () => {
  for (const way of WAYS) {
    for (const workers of way === 'plain' ? [0, 2] : [0]) {
      suite(
        `clients that keep a connection waiting, ${way}, with ${workers} workers`,
        { concurrency: true },
        () => {
          test('one that sends nothing is closed after the headers timeout', async (t) => {
            const lab = await startClientLab(t, (await startBackend(t, 'a')).url, LIMITS, { way, workers })
            assertFired(await (await lab.connect(t)).closed, 400)
          })

          test('one whose head never ends gets 408 after the headers timeout', async (t) => {
            const lab = await startClientLab(t, (await startBackend(t, 'a')).url, LIMITS, { way, workers })
            const client = await lab.connect(t)
            client.write('GET / HTTP/1.1\r\nX: ')
            drip(t, client)
            await client.untilText('HTTP/1.1 408 Request Timeout')
            await client.untilText('application/problem+json')
            assertFired(await client.closed, 400)
            await lab.assertNextLine({ status: 408, reason: 'err_http_request_timeout' })
          })

          test('one whose body never ends gets 408 after the request timeout, and its attempt is aborted', async (t) => {
            const backend = await startHoldingBackend(t, 'a')
            const lab = await startClientLab(t, backend.url, LIMITS, { way, workers })
            const client = await lab.connect(t)
            client.write(beginUpload())
            await until('it is at the backend', () => backend.held() === 1)
            const took = await client.closed
            assertFired(took, 800)
            assert.match(client.text(), /^HTTP\/1\.1 408 Request Timeout\r\n/)
            assert.match(client.text(), /application\/problem\+json/)
            const line = await lab.assertNextLine({
              status: 408,
              reason: 'client_too_slow',
              method: 'PUT',
              attempts: 1
            })
            if (line) assert.ok(client.text().includes(`X-Request-Id: ${line['requestId'] as string}\r\n`))
            await until('the backend knows', () => backend.held() === 0)
            await untilIdle(lab.gateway)
            const [view] = (await lab.group('lab')).backends
            assert.equal(view!.failures, 0, 'the backend is not to blame')
            assert.ok(lab.lines('request').length <= 1, 'it is one request')
          })

          test('one that has had its answer and says no more is closed after the keep-alive timeout', async (t) => {
            const lab = await startClientLab(t, (await startBackend(t, 'a')).url, LIMITS, { way, workers })
            const client = await lab.connect(t)
            client.write(get())
            await client.untilText('HTTP/1.1 200')
            const took = await client.closed
            assert.ok(took < 200 + KEEP_ALIVE_BUFFER + 2_500, `it took ${took} ms`)
          })

          test('one that waits for its answer is not cut', async (t) => {
            const backend = await startHoldingBackend(t, 'held')
            const lab = await startClientLab(t, backend.url, LIMITS, { way, workers })
            const client = await lab.connect(t)
            client.write(get())
            await delay(1_500)
            backend.release()
            await client.untilText('held')
          })
        }
      )
    }

    test(`an answered request whose body drips for ever is ended, ${way}`, async (t) => {
      const lab = await startClientLab(t, (await startBackend(t, 'a')).url, LIMITS, {
        way,
        route: { path: '/shop' }
      })
      const client = await lab.connect(t)
      client.write('PUT /elsewhere HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nx')
      drip(t, client)
      await client.untilText('HTTP/1.1 404')
      const took = await client.closed
      assert.ok(took < 800 + 3_500, `it took ${took} ms`)
      await lab.assertNextLine({ status: 404, reason: 'no_route' })
    })

    test(`without a request timeout a body may take any time, ${way}`, async (t) => {
      const lab = await startClientLab(
        t,
        (await startBackend(t, 'fine')).url,
        { headersTimeout: '200ms', requestTimeout: '0s' },
        { way }
      )
      const client = await lab.connect(t)
      client.write(beginUpload())
      await delay(1_500)
      client.write('123456789')
      await client.untilText('fine')
    })
  }

  for (const workers of [0, 2]) {
    test(`a request whose response has begun is broken off at the request timeout, with ${workers} workers`, async (t) => {
      const backend = await startBackend(t, 'a', (_request, response) => {
        response.write('begun')
      })
      const lab = await startClientLab(t, backend.url, LIMITS, { workers })
      const client = await lab.connect(t)
      client.write(beginUpload())
      await client.untilText('begun')
      assertFired(await client.closed, 800)
      assert.ok(!client.text().includes('408'))
      await lab.assertNextLine({ status: 200, reason: 'client_too_slow' })
    })
  }

  test('a PROXY protocol header and a TLS handshake have to come in time', async (t) => {
    const backend = await startBackend(t, 'a')
    for (const way of ['PROXY protocol', 'TLS'] as const) {
      const lab = await startClientLab(t, backend.url, LIMITS, { way })
      const opened = performance.now()
      await untilClosed(
        await tcpClient(t, Number(new URL(lab.url).port), proxyHeader('1.2.3.4').slice(0, 10))
      )
      assertFired(performance.now() - opened, way === 'TLS' ? 0 : 400)
      const silent = performance.now()
      await untilClosed(await tcpClient(t, Number(new URL(lab.url).port)))
      assertFired(performance.now() - silent, 400)
    }
  })
})
