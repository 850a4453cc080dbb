import assert from 'node:assert/strict'
import { request } from 'node:http'
import { test } from 'node:test'
import { exchange } from '../helpers/exchange.ts'
import { startGateway } from '../helpers/gateway.ts'
import { collectLog, type LogLine } from '../helpers/log-lines.ts'
import { closedPort, startMisbehavingBackend } from '../helpers/misbehaving-backend.ts'
import { rawClient, upgradeRequest } from '../helpers/raw-client.ts'
import { until } from '../helpers/until.ts'

// On one thread: worker threads write to the process' standard output (see stop.test.ts).
test('every request is one line of the log, without secrets', async (t) => {
  const backend = await startMisbehavingBackend(t)
  const gone = await closedPort()
  const { log, text, lines } = collectLog()
  const { url } = await startGateway(
    t,
    {
      log: { level: 'trace' },
      upstreams: { catalog: { backends: [backend.url] }, spare: { backends: [gone, backend.url] } },
      routes: [
        { name: 'products', path: '/api', upstream: 'catalog', rewrite: '/' },
        { name: 'spared', path: '/spare', upstream: 'spare', rewrite: '/' }
      ]
    },
    { log }
  )
  let seen = 0
  const nextLine = async (): Promise<LogLine> => {
    await until('there is another line', () => lines('request').length > seen)
    assert.equal(lines('request').length, ++seen, 'one line, not more')
    return lines('request').at(-1)!
  }
  const backendId = new URL(backend.url).host

  await t.test('who took it, how it went, how long it took', async () => {
    await exchange(`${url}/api/ok`, { headers: { 'x-request-id': 'mine' } })
    const {
      requestId,
      method,
      path,
      route,
      group,
      backend: id,
      attempts,
      status,
      bytes,
      ...rest
    } = await nextLine()
    assert.deepEqual(
      { requestId, method, path, route, group, id, attempts, status, bytes },
      {
        requestId: 'mine',
        method: 'GET',
        path: '/api/ok',
        route: 'products',
        group: 'catalog',
        id: backendId,
        attempts: 1,
        status: 200,
        bytes: 2
      }
    )
    const { timeToFirstByte, totalTime, reason, level } = rest
    assert.ok(Number(timeToFirstByte) > 0 && Number(timeToFirstByte) <= Number(totalTime))
    assert.deepEqual([reason, level], [undefined, 30])
  })

  await t.test('authorization, cookies and queries never', async () => {
    await exchange(`${url}/api/ok?token=query-secret`, {
      method: 'POST',
      headers: {
        authorization: 'Bearer authorization-secret',
        cookie: 'session=cookie-secret',
        'proxy-authorization': 'Basic proxy-secret'
      },
      body: 'body-secret'
    })
    assert.equal((await nextLine()).path, '/api/ok')
    await exchange(`${url}/nowhere?token=query-secret`)
    assert.equal((await nextLine()).path, '/nowhere')
    assert.ok(!text().includes('secret'), text())
  })

  await t.test('attempts over several backends', async () => {
    // Two requests, so that one of them begins with the backend that is gone.
    const attempts: number[] = []
    for (let turn = 0; turn < 2; turn++) {
      assert.equal((await exchange(`${url}/spare/ok`)).status, 200)
      const line = await nextLine()
      assert.equal(line.backend, backendId)
      attempts.push(Number(line.attempts))
    }
    assert.deepEqual(
      attempts.sort((a, b) => a - b),
      [1, 2]
    )
  })

  await t.test('why the gateway answered itself', async () => {
    await exchange(`${url}/nowhere`)
    const { status, reason, route, backend: none } = await nextLine()
    assert.deepEqual([status, reason, route, none], [404, 'no_route', undefined, undefined])
    await exchange(`${url}/api/reset`)
    const failed = await nextLine()
    assert.deepEqual([failed.status, failed.reason, failed.backend], [502, 'reset', backendId])
  })

  await t.test('a response that broke off', async () => {
    await assert.rejects(exchange(`${url}/api/cut`))
    const { status, reason, bytes } = await nextLine()
    assert.deepEqual([status, reason], [200, 'reset'])
    assert.ok(Number(bytes) > 0)
  })

  await t.test('a client that left before its response', async () => {
    const before = backend.requests()
    const outgoing = request(`${url}/api/never`)
    outgoing.on('error', () => {})
    outgoing.end()
    await until('it has arrived', () => backend.requests() > before)
    outgoing.destroy()
    const { status, reason } = await nextLine()
    assert.deepEqual([status, reason], [499, 'client_gone'])
  })

  await t.test('an upgraded connection, when it is over', async (sub) => {
    const client = await rawClient(sub, url)
    client.write(upgradeRequest('/api/echo'))
    await client.untilText('101 Switching Protocols')
    client.socket.end()
    const { status, backend: id, reason } = await nextLine()
    assert.deepEqual([status, id, reason], [101, backendId, undefined])
  })
})
