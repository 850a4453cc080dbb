import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../config/temporary-folder.ts'
import { HEALTH_PATH, startBackend } from '../helpers/backend.ts'
import { startGateway } from '../helpers/gateway.ts'
import { freePort } from '../helpers/redis-server.ts'
import { runTool } from '../helpers/run-tool.ts'
import { until } from '../helpers/until.ts'
import { exposedFamilies } from './exposed-families.ts'
import { startPrometheus } from './prometheus-server.ts'
import { assertPromtool } from './promtool.ts'
import { readRules } from './rules-file.ts'

const TOKEN = 'token-of-the-scrape'

test('a real Prometheus scrapes a gateway of two workers, and knows what it did', async (t) => {
  // It takes five seconds until it first scrapes: the gateway starts meanwhile.
  const adminPort = await freePort()
  const prometheus = await startPrometheus(t, `127.0.0.1:${adminPort}`, TOKEN)
  const well = await startBackend(t, 'well')
  const ill = await startBackend(t, 'ill', (request, response) => {
    request.resume()
    response.writeHead(500).end()
  })
  const front = await startGateway(
    t,
    {
      admin: { port: adminPort, tokens: [TOKEN] },
      upstreams: {
        catalog: {
          backends: [well.url, ill.url],
          healthCheck: { path: '/probe', interval: '100ms', unhealthyAfter: 1, expect: { status: [200] } },
          circuitBreaker: {},
          concurrency: {}
        },
        orders: { backends: [ill.url], healthCheck: { path: HEALTH_PATH, interval: '100ms' } }
      },
      routes: [
        {
          name: 'products',
          path: '/products',
          upstream: 'catalog',
          rateLimit: { limit: 5, per: '1h', burst: 5 }
        },
        { name: 'orders', path: '/orders', upstream: 'orders' }
      ]
    },
    { workers: 2 }
  )
  const scrape = async (): Promise<string> => {
    const answer = await fetch(`${front.adminUrl}/metrics`, { headers: { authorization: `Bearer ${TOKEN}` } })
    return await answer.text()
  }
  const isIll = /^xecureapi_backend_health\{group="catalog",backend="[^"]+"\} 0$/m
  await until('the backend that fails its probes is known', async () => isIll.test(await scrape()))
  const send = async (path: string, method = 'GET'): Promise<number> => {
    const { status, body } = await fetch(front.url + path, { method })
    await body?.cancel()
    return status
  }

  for (let n = 0; n < 7; n++) await send('/products/1')
  for (let n = 0; n < 3; n++) await send('/orders', 'POST')
  await send('/nowhere')

  /** The value of the one series that an expression has. */
  const valueOf = async (expression: string): Promise<number | undefined> => {
    const series = await prometheus.query(expression)
    assert.ok(series.length <= 1, `${expression}: ${JSON.stringify(series)}`)
    return series[0]?.value
  }
  await until('the traffic was scraped', async () => {
    return (await valueOf('sum(xecureapi_requests_total)')) === 11
  })

  assert.equal(await valueOf('up{job="xecureapi"}'), 1)
  assert.deepEqual(
    (await prometheus.targets()).map(({ health, lastError }) => ({ health, lastError })),
    [{ health: 'up', lastError: '' }]
  )
  assert.deepEqual(await prometheus.ruleErrors(), [])
  const counted = await prometheus.query('sum by (route, method, status) (xecureapi_requests_total)')
  assert.deepEqual(
    counted
      .map(({ metric: { route, method, status }, value }) => [route, method, status, value].join(' '))
      .sort(),
    ['__none__ GET 404 1', 'orders POST 500 3', 'products GET 200 5', 'products GET 429 2']
  )
  const idOf = (url: string): string => new URL(url).host
  for (const [url, health] of [
    [well.url, 1],
    [ill.url, 0]
  ] as const) {
    const backend = `{group="catalog",backend="${idOf(url)}"}`
    assert.equal(await valueOf(`xecureapi_backend_health${backend}`), health)
  }
  assert.equal(await valueOf('xecureapi_workers_serving'), 2)
  assert.equal(await valueOf('xecureapi_rate_limit_decisions_total{route="products",decision="denied"}'), 2)
  assert.equal(await valueOf('sum(xecureapi_request_duration_seconds_count{status_class="2xx"})'), 5)
  const durations = 'xecureapi_request_duration_seconds_bucket{route="products",status_class="2xx",le="+Inf"}'
  assert.equal(await valueOf(durations), 5)

  await until('what is recorded follows', async () => {
    const healthy = await valueOf('instance_group:xecureapi_backends_healthy:sum{group="catalog"}')
    const rate = await valueOf('job:xecureapi_requests:rate5m')
    return healthy === 1 && rate !== undefined
  })
  assert.equal(await valueOf('instance_group:xecureapi_backends_serving:sum{group="orders"}'), 1)
  const recorded = new Set((await readRules()).map(({ record }) => record))
  for (const { metric } of await prometheus.query('{__name__=~".+:xecureapi_.+"}')) {
    const { __name__: name = '', ...labels } = metric
    assert.ok(recorded.has(name), name)
    // The level says which labels are left.
    const left = new Set(['job', ...name.split(':')[0]!.split('_')])
    if (name.includes('_bucket:')) left.add('le')
    assert.deepEqual(Object.keys(labels).sort(), [...left].sort(), name)
  }

  await t.test('promtool finds nothing wrong with its configuration', async () => {
    await assertPromtool('check', 'config', prometheus.file)
  })

  await t.test('promtool finds nothing wrong with what the gateway tells', async () => {
    const text = await scrape()
    const folder = await temporaryFolder(t, { metrics: text })
    const checked = await runTool('sh', '-c', 'promtool check metrics < "$0"', join(folder, 'metrics'))
    assert.deepEqual(checked, { code: 0, stdout: '', stderr: '' })
    const told = [...text.matchAll(/^# TYPE (xecureapi_\w+) (\w+)$/gm)].map(([, name, type]) => ({
      name,
      type
    }))
    const families = await exposedFamilies(t)
    assert.deepEqual(
      told,
      families.map(({ name, type }) => ({ name, type }))
    )
  })

  await t.test('without the token it learns nothing', async () => {
    assert.equal((await fetch(`${front.adminUrl}/metrics`)).status, 401)
  })
})
