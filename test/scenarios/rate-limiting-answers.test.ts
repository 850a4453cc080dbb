import assert from 'node:assert/strict'
import { status as grpcStatus } from '@grpc/grpc-js'
import { test, type TestContext } from 'node:test'
import { startBackend } from '../helpers/backend.ts'
import { exchange } from '../helpers/exchange.ts'
import { type RawConfig, startGateway, type TestGateway, WORKER_COUNTS } from '../helpers/gateway.ts'
import { callCollect, callUnary } from '../helpers/grpc-calls.ts'
import { grpcClient, startGrpcBackend } from '../helpers/grpc-echo.ts'
import { exchangeHttp2, valuesIn } from '../helpers/http2-client.ts'
import { forwardAll, startHttp2Lab } from '../helpers/http2-lab.ts'
import { message } from '../helpers/lab.ts'
import { collectLog, type LogLine } from '../helpers/log-lines.ts'
import { closedPort } from '../helpers/misbehaving-backend.ts'
import { rawClient, upgradeRequest } from '../helpers/raw-client.ts'
import { until } from '../helpers/until.ts'
import { startUpgradeBackend } from '../helpers/upgrade-backend.ts'

/** What comes back during a test is nothing. */
const SLOW = { limit: 1, per: '1h' }
const POLICY = '"gateway";q=1;w=3600'

interface Watched extends TestGateway {
  /** The line of the access log with this status, when it is there; without workers, whose lines go elsewhere. */
  readonly line: (status: number) => Promise<LogLine>
}

async function startWatched(t: TestContext, config: RawConfig, workers = 0): Promise<Watched> {
  const { log, lines } = collectLog('info')
  const gateway = await startGateway(
    t,
    { log: { level: workers === 0 ? 'info' : 'silent' }, ...config },
    { workers, log }
  )
  const find = (status: number): LogLine | undefined =>
    lines('request').find((line) => line.status === status)
  return {
    ...gateway,
    line: async (status) => {
      await until(`a ${status} was logged`, () => find(status) !== undefined)
      return find(status)!
    }
  }
}

/** What is left of the gateway's limit, as a field says. */
function left(field: unknown): number {
  const [, rest] = /^"gateway";r=(\d+);t=\d+$/.exec(String(field)) ?? []
  assert.ok(rest !== undefined, String(field))
  return Number(rest)
}

test('every answer tells the limit and what is left of it, instead of what a backend says', async (t) => {
  const talkative = await startBackend(t, 'a', (_request, response) => {
    response
      .writeHead(200, { RateLimit: '"theirs";r=1;t=1', 'RateLimit-Policy': '"theirs";q=1;w=1' })
      .end('ok')
  })
  const upgrading = await startUpgradeBackend(t)
  const { url, line } = await startWatched(t, {
    rateLimit: { ...SLOW, burst: 6 },
    upstreams: {
      lab: { backends: [talkative.url] },
      gone: { backends: [await closedPort()] },
      upgrades: { backends: [upgrading.url] }
    },
    routes: [
      { path: '/ok', methods: ['GET'], upstream: 'lab' },
      { path: '/buffered', mode: 'buffered', upstream: 'lab' },
      { path: '/gone', upstream: 'gone' },
      { path: '/upgrade', upstream: 'upgrades' }
    ]
  })
  const client = await rawClient(t, url)
  client.write(upgradeRequest('/upgrade'))
  await client.untilText('\r\n\r\n')
  assert.match(client.text(), /^HTTP\/1.1 101 /)
  const [head = ''] = client.text().toLowerCase().split('\r\n\r\n')
  assert.ok(head.includes(`\r\nratelimit-policy: ${POLICY}\r\n`), head)
  assert.match(head, /\r\nratelimit: "gateway";r=5;t=\d+\r\n/)

  for (const [index, [method, path, status]] of (
    [
      ['GET', '/ok', 200],
      ['HEAD', '/buffered', 200],
      ['GET', '/nothing', 404],
      ['POST', '/ok', 405],
      ['GET', '/gone', 502]
    ] as const
  ).entries()) {
    const { status: got, headers } = await exchange(url + path, { method })
    assert.equal(got, status)
    assert.equal(headers['ratelimit-policy'], POLICY)
    assert.equal(left(headers.ratelimit), 4 - index)
  }

  const denied = await exchange(`${url}/ok`)
  assert.equal(denied.status, 429)
  assert.equal(denied.headers['content-type'], 'application/problem+json')
  assert.deepEqual(Object.keys(JSON.parse(denied.body) as object).sort(), [
    'detail',
    'requestId',
    'status',
    'title',
    'type'
  ])
  assert.equal(left(denied.headers.ratelimit), 0)
  assert.match(String(denied.headers['retry-after']), /^3[56]\d\d$/)
  const { limit, reason, route, attempts } = await line(429)
  assert.deepEqual([limit, reason, route, attempts], ['gateway', 'rate_limited', 'ok', 0])
})

for (const workers of WORKER_COUNTS) {
  test(`what never became a request is charged to its address, with ${workers} workers`, async (t) => {
    const backend = await startBackend(t, 'a')
    const { url } = await startWatched(
      t,
      { ...forwardAll(backend.url), rateLimit: { ...SLOW, burst: 6 } },
      workers
    )
    for (const garbage of [
      'garbage\r\n\r\n',
      'GET / HTTP/1.1\r\nHost: a\r\nbad header\r\n\r\n',
      'BREW / HTTP/1.1\r\nHost: a\r\n\r\n',
      'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n'
    ]) {
      const client = await rawClient(t, url)
      client.write(garbage)
      await client.untilText('\r\n\r\n')
      assert.match(client.text(), /^HTTP\/1.1 (?:400|501) /)
      client.socket.destroy()
    }
    assert.equal(left((await exchange(url)).headers.ratelimit), 1)
    assert.equal((await exchange(url)).status, 200)
    assert.equal((await exchange(url)).status, 429)
    assert.equal(backend.requests(), 2)
  })
}

test('what can not be decoded, has two hosts or a method of no route is limited like the rest', async (t) => {
  const backend = await startBackend(t, 'a')
  const { url } = await startWatched(t, {
    rateLimit: { ...SLOW, burst: 4 },
    upstreams: { lab: { backends: [backend.url] } },
    routes: [{ path: '/api', upstream: 'lab' }]
  })
  const heads = [
    'GET /%FF HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET * HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET /api HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
    'TRACE /api HTTP/1.1\r\nHost: a\r\n\r\n'
  ]
  const ask = async (head: string): Promise<string> => {
    const client = await rawClient(t, url)
    client.write(head)
    await client.untilText('\r\n\r\n')
    client.socket.destroy()
    return client.text().slice(9, 12)
  }
  for (const head of heads) assert.match(await ask(head), /40[045]|501/, head)
  for (const head of heads) assert.equal(await ask(head), '429', head)
})

test('a request is refused before its body is sent, and the connection goes on', async (t) => {
  const backend = await startBackend(t, 'a')
  const { url, line } = await startWatched(t, {
    ...forwardAll(backend.url),
    rateLimit: { ...SLOW, key: 'header:x-user' }
  })
  const client = await rawClient(t, url)
  client.write(message('GET', '/', ['X-User: ann'], ''))
  await client.untilText('HTTP/1.1 200')
  client.write(message('POST', '/', ['X-User: ann', 'Content-Length: 5', 'Expect: 100-continue'], ''))
  await client.untilText('HTTP/1.1 429')
  assert.doesNotMatch(client.text(), /HTTP\/1.1 100/)
  assert.equal((await line(429)).method, 'POST')

  const other = await rawClient(t, url)
  other.write(message('POST', '/', ['X-User: ann', 'Content-Length: 1000000'], ''))
  await other.untilText('HTTP/1.1 429')
  assert.equal(backend.requests(), 1)
})

test('over HTTP/2 the fields are the same, and a refused upload is asked for no more', async (t) => {
  const backend = await startBackend(t, 'a')
  const lab = await startHttp2Lab(t, { ...forwardAll(backend.url), rateLimit: { ...SLOW, burst: 2 } })
  for (const [path, status, rest] of [
    ['/', 200, 1],
    ['/%2e%2e', 400, 0],
    ['/', 429, 0]
  ] as const) {
    const answer = await exchangeHttp2(lab.session, { ':path': path })
    assert.equal(answer.status, status)
    assert.deepEqual(valuesIn(answer.headers, 'ratelimit-policy'), [POLICY])
    const [state, ...others] = valuesIn(answer.headers, 'ratelimit')
    assert.deepEqual([left(state), others], [rest, []])
  }
  const upload = lab.session.request({ ':method': 'POST', ':path': '/' }, { endStream: false })
  const closed = new Promise<number>((resolve) => upload.once('close', () => resolve(upload.rstCode)))
  let status = 0
  upload.on('response', (fields) => (status = fields[':status'] ?? 0))
  upload.on('error', () => {})
  upload.resume()
  assert.deepEqual([await closed, status], [0, 429])
  assert.equal(backend.requests(), 1)
})

test('a gRPC call above the limit has the status UNAVAILABLE, and the fields', async (t) => {
  const backend = await startGrpcBackend(t)
  const config = { ...forwardAll(backend.url, { protocol: 'h2' }), rateLimit: { ...SLOW, burst: 1 } }
  const lab = await startHttp2Lab(t, config)
  const client = grpcClient(t, lab.url, lab.ca)
  const first = await callUnary(client, Buffer.from('hello'))
  assert.equal(first.code, grpcStatus.OK)
  assert.equal(left(first.initial?.get('ratelimit')[0]), 0)
  for (const denied of [
    await callUnary(client, Buffer.from('hello')),
    await callCollect(client, [Buffer.from('hello')])
  ]) {
    assert.equal(denied.code, grpcStatus.UNAVAILABLE)
    assert.deepEqual(denied.trailing.get('ratelimit-policy'), [POLICY])
    assert.equal(left(denied.trailing.get('ratelimit')[0]), 0)
    assert.match(String(denied.trailing.get('retry-after')[0]), /^\d+$/)
  }
  assert.equal(backend.calls(), 1)
  const lines = [await lab.nextLine(), await lab.nextLine()]
  assert.deepEqual(
    lines.map(({ status, reason }) => [status, reason]),
    [
      [200, undefined],
      [200, 'rate_limited']
    ]
  )
})

test('limits of the gateway and of a route stack, with the costs of both, and a dry run is only logged', async (t) => {
  const backend = await startBackend(t, 'a')
  const { url, line } = await startWatched(t, {
    rateLimit: [
      { ...SLOW, burst: 20, cost: 2 },
      { ...SLOW, burst: 3, name: 'trial', dryRun: true }
    ],
    upstreams: { lab: { backends: [backend.url] } },
    routes: [
      { name: 'dear', path: '/dear', upstream: 'lab', cost: 3, rateLimit: SLOW },
      { path: '/', upstream: 'lab' }
    ]
  })
  const first = await exchange(`${url}/dear`)
  assert.equal(first.headers['ratelimit-policy'], `${POLICY}, "dear";q=1;w=3600`)
  assert.match(String(first.headers.ratelimit), /^"gateway";r=14;t=\d+, "dear";r=0;t=\d+$/)
  for (let sent = 0; sent < 12; sent++) assert.equal((await exchange(`${url}/dear`)).status, 429)
  const { limit, dryRunLimit } = await line(429)
  assert.deepEqual([limit, dryRunLimit], ['dear', 'trial'])
  assert.equal(left((await exchange(url)).headers.ratelimit), 12)
  assert.equal(backend.requests(), 2)
})
