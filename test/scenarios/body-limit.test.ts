import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { startRawBackend } from '../forwarding/http1/raw-backend.ts'
import { assertLine, message, post } from '../helpers/lab.ts'
import { rawClient } from '../helpers/raw-client.ts'
import { chunk, LAST_CHUNK, LIMIT, startLimited, startMeasuringBackend } from './body-limit-lab.ts'

const MIB = 2 ** 20
const CHUNKED = 'Transfer-Encoding: chunked'

/** How a client says how long its body is. */
const FRAMINGS = {
  'Content-Length': (path: string, size: number) => post(path, 'x'.repeat(size)),
  chunks: (path: string, size: number) => message('POST', path, [CHUNKED], chunk(size) + LAST_CHUNK)
}

/** A group of one backend, and routes to it. */
function routed(url: string, ...routes: object[]): Record<string, unknown> {
  return {
    upstreams: { lab: { backends: [url] } },
    routes: [...routes, { path: '/', upstream: 'lab' }]
  }
}

for (const workers of [0, 2]) {
  describe(`the limit of bodies, with ${workers} workers`, () => {
    for (const [framing, write] of Object.entries(FRAMINGS)) {
      test(`a body in ${framing} passes at the limit, and is 413 a byte above it`, async (t) => {
        const backend = await startMeasuringBackend(t)
        const gateway = await startLimited(t, { bodyLimit: `${LIMIT}B` }, routed(backend.url), workers)
        const client = await rawClient(t, gateway.url)
        client.write(write('/', LIMIT))
        await client.untilText(`got ${LIMIT}`)
        client.write(write('/', LIMIT + 1))
        await client.closed
        const answer = client.text().slice(client.text().indexOf('HTTP/1.1 413 '))
        assert.match(answer, /^HTTP\/1\.1 413 .*\r\n[^]*content-type: application\/problem\+json\r\n/i)
        assert.match(answer, /\r\nconnection: close\r\n/i)
        assert.match(answer, /"status":413,"detail":"The body of the request is too large\./)
        assert.deepEqual(backend.whole, [LIMIT])
      })

      test(`a route may have a limit of its own for bodies in ${framing}`, async (t) => {
        const backend = await startMeasuringBackend(t)
        const routes = [
          { path: '/large', upstream: 'lab', bodyLimit: '2KiB' },
          { path: '/small', upstream: 'lab', bodyLimit: '10B' },
          { path: '/any', upstream: 'lab', bodyLimit: 0 }
        ]
        const gateway = await startLimited(
          t,
          { bodyLimit: `${LIMIT}B` },
          routed(backend.url, ...routes),
          workers
        )
        const statusOf = async (path: string, size: number): Promise<string> => {
          const client = await rawClient(t, gateway.url)
          client.write(write(path, size))
          await client.untilText('\r\n\r\n')
          return client.text().slice(9, 12)
        }
        assert.equal(await statusOf('/large', 2048), '200')
        assert.equal(await statusOf('/large', 2049), '413')
        assert.equal(await statusOf('/small', 10), '200')
        assert.equal(await statusOf('/small', 11), '413')
        assert.equal(await statusOf('/any', 100_000), '200')
        assert.equal(await statusOf('/', LIMIT + 1), '413')
      })
    }
  })
}

describe('no limit of bodies', () => {
  for (const [framing, write] of Object.entries(FRAMINGS)) {
    test(`0 lets any body in ${framing} pass`, async (t) => {
      const backend = await startMeasuringBackend(t)
      const gateway = await startLimited(t, { bodyLimit: 0 }, routed(backend.url))
      const client = await rawClient(t, gateway.url)
      client.write(write('/', 11 * MIB))
      await client.untilText(`got ${11 * MIB}`)
    })
  }
})

describe('a body that says that it is too large', () => {
  test('is refused before a backend is picked and before any of it has come', async (t) => {
    const backend = await startRawBackend(t)
    const gateway = await startLimited(t, { bodyLimit: `${LIMIT}B` }, routed(backend.url))
    const client = await rawClient(t, gateway.url)
    client.write(message('PUT', '/', [`Content-Length: ${LIMIT + 1}`], ''))
    await client.untilText('HTTP/1.1 413 ')
    assertLine(await gateway.nextLine(), { reason: 'body_too_large', attempts: 0, backend: undefined })
    assert.equal(backend.connections.length, 0)
  })

  test('is not asked for with a 100', async (t) => {
    const backend = await startRawBackend(t, ({ send }) => send('HTTP/1.1 100 Continue\r\n\r\n'))
    const gateway = await startLimited(t, { bodyLimit: `${LIMIT}B` }, routed(backend.url))
    const client = await rawClient(t, gateway.url)
    client.write(message('PUT', '/', [`Content-Length: ${LIMIT + 1}`, 'Expect: 100-continue'], ''))
    await client.closed
    assert.match(client.text(), /^HTTP\/1\.1 413 /)
    assert.equal(backend.connections.length, 0)
  })

  test('is measured by 10 MiB where nothing else is said', async (t) => {
    const backend = await startMeasuringBackend(t)
    const gateway = await startLimited(t, {}, routed(backend.url))
    const client = await rawClient(t, gateway.url)
    client.write(post('/', 'x'.repeat(10 * MIB)))
    await client.untilText(`got ${10 * MIB}`)
    client.write(message('POST', '/', [`Content-Length: ${10 * MIB + 1}`], ''))
    await client.untilText('HTTP/1.1 413 ')
  })

  test('is refused where an upgrade is asked for, too', async (t) => {
    const backend = await startRawBackend(t)
    const gateway = await startLimited(t, { bodyLimit: `${LIMIT}B` }, routed(backend.url))
    const client = await rawClient(t, gateway.url)
    const upgrade = ['Connection: Upgrade', 'Upgrade: websocket']
    client.write(message('GET', '/', [`Content-Length: ${LIMIT + 1}`, ...upgrade], ''))
    await client.untilText('HTTP/1.1 413 ')
    assert.equal(backend.connections.length, 0)
  })

  test('is refused by what a reload has made of the limit', async (t) => {
    const backend = await startMeasuringBackend(t)
    const gateway = await startLimited(t, { bodyLimit: `${LIMIT}B` }, routed(backend.url))
    const reload = { ...routed(backend.url), server: { limits: { bodyLimit: '10B' } } }
    await gateway.write(reload)
    const client = await rawClient(t, gateway.url)
    for (let sent = 0; !client.text().includes('HTTP/1.1 413 '); sent++) {
      client.write(post('/', 'x'.repeat(11)))
      await delay(20)
      assert.ok(sent < 500, 'the new limit holds at some time')
    }
  })
})
