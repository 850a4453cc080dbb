import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { BackendView } from '../../src/admin/upstream-view.ts'
import { startBackend, type TestBackend } from '../helpers/backend.ts'
import { exchange } from '../helpers/exchange.ts'
import { startGateway, type TestGateway } from '../helpers/gateway.ts'
import { exchangeHttp2 } from '../helpers/http2-client.ts'
import { forwardAll, startHttp2Lab } from '../helpers/http2-lab.ts'
import { startLab } from '../helpers/lab.ts'
import { rawClient } from '../helpers/raw-client.ts'
import type { TestContext } from 'node:test'

/** A backend that reports what the path says: in the header, or with `?trailer` in its trailers. */
async function startReporter(t: TestContext): Promise<TestBackend> {
  return await startBackend(t, 'reporter', (request, response) => {
    const { pathname, search } = new URL(request.url!, 'http://backend')
    const report = decodeURIComponent(pathname.slice(1))
    request.resume()
    if (search === '?trailer') {
      response.writeHead(200, { trailer: 'endpoint-load-metrics, x-sum' })
      response.write('body')
      response.addTrailers({ 'Endpoint-Load-Metrics': report, 'X-Sum': '1' })
    } else {
      response.statusCode = search === '?503' ? 503 : 200
      response.setHeader('Endpoint-Load-Metrics', report)
      response.setHeader('endpoint-load-metrics-bin', 'CQ==')
      response.setHeader('X-Other', '1')
    }
    response.end()
  })
}

/** What the first backend of the group `lab` has reported. */
async function reported({ group }: Pick<TestGateway, 'group'>): Promise<BackendView['utilization']> {
  return (await group('lab')).backends[0]!.utilization
}

function pathOf(report: string): string {
  return `/${encodeURIComponent(report)}`
}

const TEXT = 'TEXT cpu_utilization=0.3, rps_fractional=12, named_metrics.x=1'

suite('a load report', () => {
  for (const mode of ['stream', 'buffered']) {
    test(`is taken from the header and goes no further (mode: ${mode})`, async (t) => {
      const backend = await startReporter(t)
      const lab = await startLab(t, { backends: [backend.url], route: { mode } })
      assert.equal(await reported(lab), null)
      for (const [report, expected] of [
        [TEXT, 0.3],
        ['JSON {"application_utilization":0.75,"cpu_utilization":0.1}', 0.75],
        ['nonsense', 0.75],
        ['TEXT cpu_utilization=7', 1]
      ] as const) {
        const { status, headers } = await exchange(lab.url + pathOf(report))
        assert.equal(status, 200)
        assert.equal(headers['x-other'], '1')
        assert.deepEqual(
          Object.keys(headers).filter((name) => name.startsWith('endpoint-load')),
          []
        )
        assert.equal(await reported(lab), expected, report)
      }
    })
  }

  test('is taken from the trailers and goes no further', async (t) => {
    const backend = await startReporter(t)
    const lab = await startLab(t, { backends: [backend.url] })
    const client = await rawClient(t, lab.url)
    const path = `${pathOf(TEXT)}?trailer`
    client.write(`GET ${path} HTTP/1.1\r\nHost: gateway.test\r\nTE: trailers\r\nConnection: close\r\n\r\n`)
    await client.closed
    const [, trailers] = client.text().split('\r\n0\r\n')
    assert.equal(trailers!.toLowerCase(), 'x-sum: 1\r\n\r\n')
    assert.equal(await reported(lab), 0.3)
  })

  test('goes no further over HTTP/2', async (t) => {
    const backend = await startReporter(t)
    const lab = await startHttp2Lab(t, forwardAll(backend.url))
    for (const path of [pathOf(TEXT), `${pathOf(TEXT)}?trailer`]) {
      const head = { ':path': path, ':authority': 'localhost', te: 'trailers' }
      const { status, headers, trailers } = await exchangeHttp2(lab.session, head)
      assert.equal(status, 200)
      const names = [...headers, ...trailers].filter((_, index) => index % 2 === 0)
      assert.deepEqual(
        names.filter((name) => name.startsWith('endpoint-load')),
        []
      )
    }
    assert.equal(await reported(lab), 0.3)
  })

  test('of a response that is thrown away counts too', async (t) => {
    const backend = await startReporter(t)
    const well = await startBackend(t, 'well')
    const lab = await startLab(t, {
      backends: [backend.url, { url: well.url, tier: 1 }],
      group: { retry: { on: [503] } }
    })
    const { status } = await exchange(`${lab.url}${pathOf(TEXT)}?503`)
    assert.equal(status, 200)
    assert.equal(await reported(lab), 0.3)
  })

  test('is known to all threads', async (t) => {
    const backend = await startReporter(t)
    const gateway = await startGateway(t, forwardAll(backend.url), { workers: 2 })
    await exchange(gateway.url + pathOf(TEXT))
    assert.equal(await reported(gateway), 0.3)
  })
})
