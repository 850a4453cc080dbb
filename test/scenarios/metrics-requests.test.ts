import assert from 'node:assert/strict'
import { before, suite, test, type TestContext } from 'node:test'
import { startBackend } from '../helpers/backend.ts'
import { exchange } from '../helpers/exchange.ts'
import { startGateway } from '../helpers/gateway.ts'
import { startHoldingBackend } from '../helpers/holding-backend.ts'
import { collectLog } from '../helpers/log-lines.ts'
import { rawClient } from '../helpers/raw-client.ts'
import { type Scrape, scrape, untilMoved } from '../helpers/scrape.ts'
import { until } from '../helpers/until.ts'

/** What every request that a route takes moves. */
function request(route: string, status: number, method = 'GET'): Record<string, number> {
  return {
    [`requests_total{method="${method}",route="${route}",status="${status}"}`]: 1,
    [`request_duration_seconds_count{route="${route}",status_class="${String(status)[0]}xx"}`]: 1
  }
}

/** What one that goes to a backend moves besides. */
function served(group: string, backend: string, times = 1): Record<string, number> {
  const labels = `{backend="${backend}",group="${group}"}`
  return {
    [`group_request_duration_seconds_count{group="${group}"}`]: 1,
    [`time_to_first_byte_seconds_count{group="${group}"}`]: times,
    [`backend_time_to_first_byte_seconds_count${labels}`]: times,
    [`backend_attempts_total${labels}`]: times
  }
}

const hostOf = (url: string): string => new URL(url).host

suite('metrics of requests, counted by two threads', () => {
  test('move when a request is served, refused or fails, and nothing else does', async (t) => {
    const backend = await startBackend(t, 'a', (incoming, response) => {
      incoming.resume()
      if (incoming.url === '/reset') response.destroy()
      else response.writeHead(incoming.url === '/fail' ? 500 : 200).end()
    })
    const other = await startBackend(t, 'b')
    const gateway = await startGateway(
      t,
      {
        rateLimit: [{ name: 'reported', limit: 1, per: '1h', key: 'header:x-user', dryRun: true }],
        upstreams: {
          shop: { backends: [backend.url] },
          spare: {
            backends: [
              { url: backend.url, weight: 1000 },
              { url: other.url, tier: 1 }
            ]
          }
        },
        routes: [
          { name: 'products', path: '/', methods: ['GET'], upstream: 'shop' },
          { name: 'spare', path: '/reset', upstream: 'spare' },
          { name: 'few', path: '/few', upstream: 'shop', rateLimit: { limit: 1, per: '1h' } }
        ]
      },
      { workers: 2 }
    )
    const { url, adminUrl } = gateway
    const ours = hostOf(backend.url)
    const labels = `{backend="${ours}",group="shop"}`
    const decision = (limit: string, what: string, route = '__all__'): Record<string, number> => ({
      [`rate_limit_decisions_total{decision="${what}",limit="${limit}",route="${route}"}`]: 1
    })
    const plain = {
      ...served('shop', ours),
      'picks_total{group="shop",reason="balanced"}': 1,
      [`backend_successes_total${labels}`]: 1
    }
    let now = await scrape(adminUrl)
    const step = async (path: string, status: number, expected: Record<string, number>, init = {}) => {
      assert.equal((await exchange(`${url}${path}`, init)).status, status)
      now = await untilMoved(adminUrl, now, expected)
    }

    await step('/', 200, { ...request('products', 200), ...plain, ...decision('reported', 'allowed') })
    await step('/', 200, { ...request('products', 200), ...plain, ...decision('reported', 'would_deny') })
    const fresh = (user: number) => ({ headers: { 'x-user': String(user) } })
    await step(
      '/fail',
      500,
      {
        ...request('products', 500),
        ...served('shop', ours),
        ...decision('reported', 'allowed'),
        'picks_total{group="shop",reason="balanced"}': 1,
        [`backend_failures_total${labels}`]: 1,
        'attempt_failures_total{group="shop",reason="status_5xx"}': 1
      },
      fresh(1)
    )
    await step(
      '/',
      405,
      {
        ...request('__none__', 405, 'DELETE'),
        ...decision('reported', 'allowed'),
        'request_failures_total{reason="method_not_allowed",route="__none__"}': 1
      },
      { method: 'DELETE', ...fresh(2) }
    )
    await step(
      '/few',
      200,
      {
        ...request('few', 200),
        ...plain,
        ...decision('reported', 'allowed'),
        ...decision('few', 'allowed', 'few')
      },
      fresh(3)
    )
    await step(
      '/few',
      429,
      {
        ...request('few', 429),
        ...decision('reported', 'allowed'),
        ...decision('few', 'denied', 'few'),
        'request_failures_total{reason="rate_limited",route="few"}': 1
      },
      fresh(4)
    )
    await step(
      '/reset',
      200,
      {
        ...request('spare', 200),
        ...decision('reported', 'allowed'),
        ...served('spare', hostOf(other.url)),
        [`backend_attempts_total{backend="${ours}",group="spare"}`]: 1,
        [`backend_failures_total{backend="${ours}",group="spare"}`]: 1,
        [`backend_successes_total{backend="${hostOf(other.url)}",group="spare"}`]: 1,
        'attempt_failures_total{group="spare",reason="reset"}': 1,
        'picks_total{group="spare",reason="balanced"}': 1,
        'picks_total{group="spare",reason="spilled"}': 1,
        'retries_total{group="spare"}': 1
      },
      fresh(5)
    )
    const client = await rawClient(t, url)
    client.write('nonsense\r\n\r\n')
    await client.closed
    await untilMoved(adminUrl, now, {
      ...request('__none__', 400, '__other__'),
      'request_failures_total{reason="hpe_invalid_method",route="__none__"}': 1
    })
  })

  test('say what is in flight, and what a client that leaves leaves behind', async (t) => {
    const backend = await startHoldingBackend(t, 'a')
    const { url, adminUrl } = await startGateway(
      t,
      {
        upstreams: { shop: { backends: [backend.url] } },
        routes: [{ name: 'r', path: '/', upstream: 'shop' }]
      },
      { workers: 2 }
    )
    const before = await scrape(adminUrl)
    const labels = `{backend="${hostOf(backend.url)}",group="shop"}`
    const clients = await Promise.all([1, 2, 3].map(() => rawClient(t, url)))
    for (const client of clients) client.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
    await untilMoved(adminUrl, before, {
      'requests_in_flight{route="r"}': 3,
      [`backend_in_flight${labels}`]: 3,
      [`backend_attempts_total${labels}`]: 3,
      'picks_total{group="shop",reason="balanced"}': 3
    })
    for (const client of clients) client.socket.destroy()
    await untilMoved(adminUrl, before, {
      [`backend_attempts_total${labels}`]: 3,
      'picks_total{group="shop",reason="balanced"}': 3,
      'requests_total{method="GET",route="r",status="499"}': 3,
      'request_duration_seconds_count{route="r",status_class="4xx"}': 3,
      'request_failures_total{reason="client_gone",route="r"}': 3,
      'group_request_duration_seconds_count{group="shop"}': 3
    })
  })
})

suite('labels of metrics', () => {
  let [few, many]: Scrape[] = []

  before(async () => {
    // Without a context of a test, it is ended here.
    const endings: (() => unknown)[] = []
    const t = { after: (end: () => unknown) => endings.push(end) } as unknown as TestContext
    const backend = await startBackend(t, 'a', (_incoming, response) => {
      response.writeHead(200 + Math.floor(Math.random() * 300)).end()
    })
    const { url, adminUrl } = await startGateway(
      t,
      {
        upstreams: { shop: { backends: [backend.url] } },
        routes: [{ name: 'r', path: '/known', upstream: 'shop' }]
      },
      { workers: 2 }
    )
    await exchange(`${url}/known`)
    few = await scrape(adminUrl)
    const methods = ['PROPFIND', 'MKCOL', 'LOCK', 'REPORT', 'SEARCH', 'UNLINK', 'GET', 'POST', 'PURGE']
    let sent = 0
    const visitor = async (): Promise<void> => {
      const client = await rawClient(t, url)
      let mine = 0
      for (; sent < 10_000; sent += 100) {
        const batch = Array.from({ length: 100 }, (_, index) => {
          const odd = Math.random().toString(36).slice(2)
          const path = index % 2 === 0 ? `/known/${odd}` : `/${odd}?${odd}=${odd}`
          return `${methods[index % methods.length]} ${path} HTTP/1.1\r\nhost: ${odd}\r\ncontent-length: 0\r\n\r\n`
        })
        client.write(batch.join(''))
        mine += batch.length
        await until('they are answered', () => client.text().split('HTTP/1.1 ').length > mine)
      }
    }
    await Promise.all([visitor(), visitor()])
    many = await scrape(adminUrl)
    for (const end of endings) await end()
  })

  test('stay few whatever comes: methods, paths, hosts and statuses', () => {
    const total = [...many!].filter(([series]) => series.startsWith('xecureapi_requests_total'))
    assert.ok(total.reduce((sum, [, value]) => sum + value, 0) >= 10_000)
    assert.ok(total.length <= 2 * 8 * 44, `${total.length} of requests`)
    assert.ok(many!.size - few!.size < 800, `${many!.size - few!.size} more`)
    for (const series of many!.keys()) {
      assert.doesNotMatch(series, /(?:route|group)="(?!r"|shop"|__none__"|__all__")/)
    }
  })

  for (const [what, bytes, status, reason] of [
    ['that its client leaves', '', 499, 'client_gone'],
    ['that is no HTTP', 'zz\r\n', 400, 'hpe_invalid_chunk_size']
  ] as const) {
    test(`tell of an upload ${what} once, by its route`, async (t) => {
      const backend = await startHoldingBackend(t, 'a')
      const { log, lines } = collectLog('info')
      const { url, adminUrl } = await startGateway(
        t,
        {
          log: { level: 'info' },
          upstreams: { shop: { backends: [backend.url] } },
          routes: [{ name: 'r', path: '/', upstream: 'shop' }]
        },
        { log }
      )
      const before = await scrape(adminUrl)
      const client = await rawClient(t, url)
      const head = 'POST / HTTP/1.1\r\nHost: a\r\nX-Request-Id: own\r\nTransfer-Encoding: chunked\r\n\r\n'
      client.write(`${head}5\r\nhello\r\n`)
      await until('it is there', () => backend.held() === 1)
      if (bytes === '') client.socket.end()
      else client.write(bytes)
      await client.closed
      // Whoever only stopped sending can read it.
      assert.match(client.text(), /^HTTP\/1\.1 400 /)
      assert.match(client.text(), /"requestId":"own"/)
      await untilMoved(adminUrl, before, {
        [`requests_total{method="POST",route="r",status="${status}"}`]: 1,
        [`request_duration_seconds_count{route="r",status_class="4xx"}`]: 1,
        [`request_failures_total{reason="${reason}",route="r"}`]: 1,
        'group_request_duration_seconds_count{group="shop"}': 1,
        'picks_total{group="shop",reason="balanced"}': 1,
        [`backend_attempts_total{backend="${hostOf(backend.url)}",group="shop"}`]: 1
      })
      assert.deepEqual(
        lines('request').map((line) => [line['requestId'], line['status'], line['reason']]),
        [['own', status, reason]]
      )
    })
  }
})
