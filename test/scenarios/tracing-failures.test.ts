import assert from 'node:assert/strict'
import { type TestContext, suite, test } from 'node:test'
import { startBackend } from '../helpers/backend.ts'
import { startCollector } from '../helpers/collector.ts'
import { exchange } from '../helpers/exchange.ts'
import { startGateway, type TestGateway } from '../helpers/gateway.ts'
import { type CollectedLog, collectLog } from '../helpers/log-lines.ts'
import { until } from '../helpers/until.ts'

const WORKERS = 1

async function startTraced(t: TestContext, otlp: string): Promise<TestGateway & CollectedLog> {
  const backend = await startBackend(t, 'a')
  const collected = collectLog()
  const config = {
    log: { level: 'info' },
    tracing: { otlp, sample: 1, headers: { 'x-key': 'collector-header-secret' } },
    upstreams: { catalog: { backends: [backend.url] } },
    routes: [{ path: '/', upstream: 'catalog' }]
  }
  const started = await startGateway(t, config, { workers: WORKERS, log: collected.log })
  return { ...started, ...collected }
}

/** So many requests, each answered. */
async function ask(url: string, count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) assert.equal((await exchange(url)).status, 200)
}

suite('a collector', { concurrency: true }, () => {
  test('that fails costs no request, is told once, and gets what waited when it is back', async (t) => {
    const collector = await startCollector(t)
    collector.answer = (request) => {
      request.socket.resetAndDestroy()
      return 'none'
    }
    const { port } = collector
    const { url, lines, text } = await startTraced(t, `http://user:collector-secret@127.0.0.1:${port}`)
    await ask(url, 5)
    await until('it was told', () => lines('traces can not be exported').length > 0)
    await ask(url, 5)
    const [{ reason, collector: where, level } = {}] = lines('traces can not be exported')
    assert.deepEqual([reason, where, level], ['reset', `http://127.0.0.1:${port}/v1/traces`, 40])
    collector.answer = () => 'take'
    await collector.untilSpans(20)
    const { authorization } = collector.messages()[0]!.headers
    assert.equal(authorization, `Basic ${Buffer.from('user:collector-secret').toString('base64')}`)
    await until('that it is back was told', () => lines('traces are exported again').length === 1)
    assert.equal(lines('traces can not be exported').length, 1)
    assert.doesNotMatch(text(), /secret/)
  })

  test('that hangs costs no request, and holds no stop up', async (t) => {
    const collector = await startCollector(t)
    collector.answer = () => 'none'
    const { gateway, url, lines } = await startTraced(t, collector.url)
    await ask(url, 5)
    await until('it hangs', () => collector.messages().length === 1)
    await ask(url, 5)
    const started = performance.now()
    assert.deepEqual(await gateway.stop(500), { cut: 0 })
    assert.ok(performance.now() - started < 10_000)
    assert.equal(lines('traces were left that could not be exported')[0]?.['dropped'], 20)
    assert.deepEqual(gateway.spanCounts, { exported: 0, dropped: 20 })
  })

  test('that redirects is not followed', async (t) => {
    const elsewhere = await startCollector(t)
    const collector = await startCollector(t)
    collector.answer = (_request, response) => {
      response.writeHead(307, { location: `${elsewhere.url}/v1/traces` }).end()
      return 'none'
    }
    const { url, lines } = await startTraced(t, collector.url)
    await ask(url, 1)
    await until('it was told', () => lines('traces can not be exported').length > 0)
    const [{ reason, dropped } = {}] = lines('traces can not be exported')
    assert.deepEqual([reason, dropped, elsewhere.messages().length], ['status_307', 2, 0])
  })

  test('gets what was left at the stop', async (t) => {
    const collector = await startCollector(t)
    const { gateway, url } = await startTraced(t, collector.url)
    await ask(url, 20)
    await gateway.stop(10_000)
    assert.equal(collector.spans().length, 40)
    assert.deepEqual(gateway.spanCounts, { exported: 40, dropped: 0 })
  })
})
