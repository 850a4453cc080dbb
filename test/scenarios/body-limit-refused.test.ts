import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { readHttp2 } from '../helpers/http2-client.ts'
import { localCertificate, startHttp2Lab } from '../helpers/http2-lab.ts'
import { get, message } from '../helpers/lab.ts'
import { closedPort } from '../helpers/misbehaving-backend.ts'
import { rawClient } from '../helpers/raw-client.ts'
import { until } from '../helpers/until.ts'
import { chunk, LAST_CHUNK, startLimited } from './body-limit-lab.ts'

/** Requests that never come to a backend, and their answers. */
const REFUSED: readonly (readonly [what: string, method: string, path: string, status: number])[] = [
  ['no route', 'POST', '/nowhere', 404],
  ['a method that the route does not take', 'PUT', '/gone', 405],
  ['no backend', 'POST', '/gone', 502]
]

async function config(): Promise<Record<string, unknown>> {
  return {
    upstreams: { gone: { backends: [await closedPort()] } },
    routes: [{ path: '/gone', methods: ['POST', 'GET'], upstream: 'gone' }]
  }
}

/** Sends chunks until the test is over. */
function sendEndlessly(t: TestContext, write: (bytes: string) => void): void {
  const piece = chunk(16 * 1024)
  const timer = setInterval(() => write(piece), 10)
  t.after(() => clearInterval(timer))
}

describe('an upload to what is refused anyway', { concurrency: 8 }, () => {
  for (const [what, method, path, status] of REFUSED) {
    test(`${what}: an endless one is answered at once, and cut off some seconds later`, async (t) => {
      const gateway = await startLimited(t, {}, await config())
      const client = await rawClient(t, gateway.url)
      client.write(message(method, path, ['Transfer-Encoding: chunked'], ''))
      sendEndlessly(t, client.write)
      await client.untilText(`HTTP/1.1 ${status} `)
      const answeredAt = performance.now()
      await client.closed
      assert.ok(performance.now() - answeredAt < 20_000, 'it is not read for ever')
      assert.equal(client.text().split('HTTP/1.1').length, 2)
    })

    test(`${what}: over HTTP/2 the stream ends with its answer, and its session goes on`, async (t) => {
      const { certificate } = await localCertificate()
      const lab = await startHttp2Lab(t, {
        server: { tls: { certificates: [certificate] } },
        ...(await config())
      })
      const stream = lab.session.request({ ':method': method, ':path': path }, { endStream: false })
      const timer = setInterval(() => stream.writable && stream.write('x'.repeat(16 * 1024)), 10)
      const { status: code, rstCode } = await readHttp2(stream)
      clearInterval(timer)
      assert.deepEqual([code, rstCode], [status, 0])
      assert.equal(lab.session.destroyed, false)
    })
  }

  test('one that ends in time leaves its connection to the next request', async (t) => {
    const gateway = await startLimited(t, {}, await config())
    const client = await rawClient(t, gateway.url)
    client.write(message('POST', '/nowhere', ['Transfer-Encoding: chunked'], chunk(100_000)))
    await client.untilText('HTTP/1.1 404 ')
    client.write(chunk(100_000) + LAST_CHUNK + get('/nowhere'))
    await until('the next one is answered', () => client.text().split('HTTP/1.1 404 ').length === 3)
  })
})
