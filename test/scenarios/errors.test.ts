import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startBackend } from '../helpers/backend.ts'
import { exchange, type Exchanged } from '../helpers/exchange.ts'
import { startGateway, WORKER_COUNTS } from '../helpers/gateway.ts'
import { closedPort, startMisbehavingBackend } from '../helpers/misbehaving-backend.ts'
import { rawClient } from '../helpers/raw-client.ts'
import { until } from '../helpers/until.ts'

/** Checks an error's form: RFC 9457, an id, and nothing that a client may not know. */
function assertProblem(answer: Exchanged, status: number, secrets: readonly string[]): void {
  assert.equal(answer.status, status, answer.body)
  assert.equal(answer.headers['content-type'], 'application/problem+json')
  const document = JSON.parse(answer.body) as Record<string, unknown>
  assert.deepEqual(Object.keys(document).sort(), ['detail', 'requestId', 'status', 'title', 'type'])
  assert.equal(document.status, status)
  assert.equal(document.requestId, answer.headers['x-request-id'])
  const shown = JSON.stringify({ ...document, requestId: '' })
  for (const secret of ['127.0.0.1', 'ECONN', '    at ', '.ts', ...secrets]) {
    assert.ok(!shown.includes(secret), `"${secret}" is in ${shown}`)
  }
}

for (const workers of WORKER_COUNTS) {
  test(`errors are problem documents without addresses, with ${workers} workers`, async (t) => {
    const odd = await startMisbehavingBackend(t)
    const noHttp = await startBackend(t, 'no-http', (request) => {
      request.socket.end('SSH-2.0-OpenSSH_9.6\r\n')
    })
    const gone = await closedPort()
    const { gateway, url, group } = await startGateway(
      t,
      {
        upstreams: {
          odd: { backends: [odd.url] },
          gone: { backends: [gone] },
          nohttp: { backends: [noHttp.url] },
          unknown: { backends: ['http://no-such-host.invalid:1'] },
          ill: { backends: [gone], healthCheck: { interval: '4s', unhealthyAfter: 1, healthyAfter: 2 } }
        },
        routes: [
          { path: '/impatient', upstream: 'odd', rewrite: '/', timeouts: { response: '100ms' } },
          { path: '/read-only', methods: ['GET', 'HEAD'], upstream: 'odd' },
          { path: '/odd', upstream: 'odd', rewrite: '/' },
          { path: '/gone', upstream: 'gone' },
          { path: '/no-http', upstream: 'nohttp' },
          { path: '/unknown', upstream: 'unknown' },
          { path: '/ill', upstream: 'ill' }
        ]
      },
      { workers }
    )
    const secrets = [odd, noHttp].map(({ port }) => String(port)).concat(new URL(gone).port, '.invalid')
    const get = (path: string): Promise<Exchanged> => exchange(`${url}${path}`)

    await t.test('no route is 404', async () => {
      assertProblem(await get('/nowhere'), 404, secrets)
    })

    await t.test('a method that the address does not take is 405 with Allow', async () => {
      const answer = await exchange(`${url}/read-only`, { method: 'DELETE' })
      assertProblem(answer, 405, secrets)
      assert.equal(answer.headers.allow, 'GET, HEAD')
    })

    await t.test('a refused connection to the only backend is 502', async () => {
      assertProblem(await get('/gone'), 502, secrets)
    })

    await t.test('an unknown host is 502', async () => {
      assertProblem(await get('/unknown'), 502, secrets)
    })

    await t.test('a reset is 502', async () => {
      assertProblem(await get('/odd/reset'), 502, secrets)
    })

    await t.test('a response that is no HTTP is 502', async () => {
      assertProblem(await get('/no-http'), 502, secrets)
    })

    await t.test('a response that comes too late is 504', async () => {
      assertProblem(await get('/impatient/never'), 504, secrets)
    })

    await t.test('when all backends are ill, it is 503 with the time until one can be well', async () => {
      await until('it is ill', async () => (await group('ill')).backends[0]!.health === 'unhealthy')
      const answer = await get('/ill')
      assertProblem(answer, 503, secrets)
      assert.equal(answer.headers['retry-after'], '8')
    })

    await t.test('what is no HTTP request is 400 and the end of the connection', async (sub) => {
      const client = await rawClient(sub, gateway.url)
      client.write('HELO gateway\r\n\r\n')
      await client.closed
      assert.match(client.text(), /^HTTP\/1\.1 400 Bad Request\r\n/)
      assert.match(client.text(), /content-type: application\/problem\+json/i)
    })

    await t.test('a path with dot segments is 400', async (sub) => {
      const client = await rawClient(sub, gateway.url)
      client.write('GET /odd/%2e%2e/ok HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
      await client.closed
      assert.match(client.text(), /^HTTP\/1\.1 400 Bad Request\r\n/)
    })

    await t.test('a HEAD that fails has no body', async () => {
      const answer = await exchange(`${url}/gone`, { method: 'HEAD' })
      assert.deepEqual([answer.status, answer.body], [502, ''])
    })

    await t.test('the connection of a failed request takes the next one', async (sub) => {
      const client = await rawClient(sub, gateway.url)
      client.write('GET /gone HTTP/1.1\r\nHost: a\r\n\r\n')
      await client.untilText('502 Bad Gateway')
      client.write('GET /odd/ok HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
      await client.closed
      assert.match(client.text(), /HTTP\/1\.1 200 OK/)
    })
  })
}
