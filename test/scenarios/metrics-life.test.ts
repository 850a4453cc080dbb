import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { HEALTH_PATH, startBackend, startBackends } from '../helpers/backend.ts'
import { CRASHING_WORKER, crashWorker } from '../helpers/crash-worker.ts'
import { exchange } from '../helpers/exchange.ts'
import { startGateway } from '../helpers/gateway.ts'
import { startHoldingBackend } from '../helpers/holding-backend.ts'
import { keepAliveAgent, send } from '../helpers/load.ts'
import { startMoodyBackend } from '../helpers/moody-backend.ts'
import { rawClient } from '../helpers/raw-client.ts'
import { scrape, untilMoved } from '../helpers/scrape.ts'
import { until } from '../helpers/until.ts'

const JSON_BODY = { 'content-type': 'application/json' }

suite('metrics over the life of a gateway with two threads', { concurrency: 3 }, () => {
  test('tell of health, of states, and of what operators do', async (t) => {
    const [a, b, c] = await startBackends(t, 3)
    const { url, adminUrl } = await startGateway(
      t,
      {
        upstreams: {
          shop: {
            backends: [a!.url, b!.url],
            healthCheck: {
              path: HEALTH_PATH,
              interval: '100ms',
              timeout: '2s',
              unhealthyAfter: 1,
              healthyAfter: 1
            }
          }
        },
        routes: [{ path: '/', upstream: 'shop' }]
      },
      { workers: 2 }
    )
    assert.equal((await exchange(url)).status, 200)
    const of = (backend: { url: string }, more = '') =>
      `{backend="${new URL(backend.url).host}",group="shop"${more}}`
    let now = await scrape(adminUrl)
    assert.equal(now.get(`xecureapi_backend_health${of(a!)}`), 1)

    await a!.kill()
    const killed = {
      [`backend_health${of(a!)}`]: -1,
      [`backend_unhealthy${of(a!, ',reason="connect_refused"')}`]: 1,
      [`backend_share${of(a!)}`]: -0.5,
      [`backend_share${of(b!)}`]: 0.5,
      'health_flips_total{group="shop",to="unhealthy"}': 1
    }
    now = await untilMoved(adminUrl, now, killed)
    await a!.revive()
    now = await untilMoved(adminUrl, now, {
      [`backend_health${of(a!)}`]: 1,
      [`backend_unhealthy${of(a!, ',reason="connect_refused"')}`]: -1,
      [`backend_share${of(a!)}`]: 0.5,
      [`backend_share${of(b!)}`]: -0.5,
      'health_flips_total{group="shop",to="healthy"}': 1
    })

    const backends = `${adminUrl}/api/upstreams/shop/backends`
    const body = JSON.stringify({ state: 'draining' })
    await exchange(`${backends}/${new URL(b!.url).host}`, { method: 'PATCH', headers: JSON_BODY, body })
    now = await untilMoved(adminUrl, now, {
      [`backend_state${of(b!, ',state="active"')}`]: -1,
      [`backend_state${of(b!, ',state="draining"')}`]: 1,
      [`backend_share${of(a!)}`]: 0.5,
      [`backend_share${of(b!)}`]: -0.5
    })

    const registration = JSON.stringify({ url: c!.url, initially: 'healthy' })
    await exchange(backends, { method: 'POST', headers: JSON_BODY, body: registration })
    const joined = await scrape(adminUrl)
    assert.equal(joined.get('xecureapi_registrations_total{change="added",group="shop"}'), 1)
    assert.equal(joined.get(`xecureapi_backend_health${of(c!)}`), 1)
    assert.equal(joined.get('xecureapi_generation'), now.get('xecureapi_generation')! + 1)
    await exchange(`${backends}/${new URL(c!.url).host}?now=true`, { method: 'DELETE' })
    const left = await scrape(adminUrl)
    assert.equal(left.get(`xecureapi_backend_health${of(c!)}`), undefined)
  })

  test('tell of ejections: those that were enforced, and those only detected', async (t) => {
    const [a, bad] = await Promise.all([startMoodyBackend(t, 'a'), startMoodyBackend(t, 'bad', 500)])
    const group = (dryRun: boolean) => ({
      backends: [a.url, bad.url],
      outlierDetection: { consecutiveFailures: 3, ejectFor: '60s', dryRun }
    })
    const { url, adminUrl } = await startGateway(
      t,
      {
        upstreams: { shop: group(false), watched: group(true) },
        routes: [
          { path: '/', upstream: 'shop' },
          { path: '/watched', upstream: 'watched' }
        ]
      },
      { workers: 2 }
    )
    const agent = keepAliveAgent(t)
    await until('both are told of', async () => {
      await Promise.all([send(agent, url), send(agent, `${url}/watched`)])
      const now = await scrape(adminUrl)
      const labels = (name: string, state: string) =>
        `xecureapi_ejections_total{group="${name}",reason="consecutive_failures",state="${state}"}`
      assert.equal(now.get(labels('watched', 'enforced')), undefined)
      return now.get(labels('shop', 'enforced')) === 1 && (now.get(labels('watched', 'detected')) ?? 0) >= 1
    })
    const now = await scrape(adminUrl)
    const labels = `{backend="${new URL(bad.url).host}",group="shop"`
    assert.equal(now.get(`xecureapi_backend_health${labels}}`), 0)
    assert.equal(now.get(`xecureapi_backend_unhealthy${labels},reason="consecutive_failures"}`), 1)
  })

  test('stay over a reload and a crash, and tell of both', async (t) => {
    const backend = await startHoldingBackend(t, 'a')
    const config = {
      upstreams: { shop: { backends: [backend.url] } },
      routes: [{ name: 'r', path: '/', upstream: 'shop' }]
    }
    const { gateway, url, adminUrl, write } = await startGateway(t, config, {
      workers: 2,
      workerEntry: CRASHING_WORKER
    })
    backend.release()
    for (let count = 0; count < 6; count++) await exchange(url)
    const requests = 'xecureapi_requests_total{method="GET",route="r",status="200"}'
    const delayOf = (worker: number) => `xecureapi_event_loop_delay_seconds{stat="p99",worker="${worker}"}`
    // A request is over a moment after its client has all; delays are told each second.
    await until('all is counted', async () => {
      const now = await scrape(adminUrl)
      return now.get(requests) === 6 && now.has(delayOf(0)) && now.has(delayOf(1))
    })
    const before = await scrape(adminUrl)
    assert.equal(before.get('xecureapi_workers_serving'), 2)
    assert.equal(before.get('xecureapi_last_reload_successful'), 1)

    await write({ ...config, routes: [...config.routes, { name: 's', path: '/s', upstream: 'shop' }] })
    await gateway.reload('signal')
    await untilMoved(adminUrl, before, {
      generation: 1,
      'reloads_total{outcome="applied",trigger="signal"}': 1
    })
    await write('routes: 1')
    await gateway.reload('signal')
    const failed = await scrape(adminUrl)
    assert.equal(failed.get('xecureapi_last_reload_successful'), 0)
    assert.ok(failed.get('xecureapi_reloads_total{outcome="failed",trigger="signal"}')! >= 1)
    const time = 'xecureapi_last_reload_success_timestamp_seconds'
    assert.ok(failed.get(time)! > before.get(time)!)

    backend.hold()
    const held = Array.from({ length: 8 }, () => send(keepAliveAgent(t), url))
    await until('all are in flight', () => backend.held() === 8)
    crashWorker({ row: 1, what: 'throw' })
    const died = 'xecureapi_worker_changes_total{reason="uncaught_exception",state="died"}'
    await until('it is back', async () => {
      const now = await scrape(adminUrl)
      return now.get(died) === 1 && now.get('xecureapi_worker_changes_total{state="serving"}') === 1
    })
    backend.release()
    const outcomes = await Promise.all(held)
    const served = outcomes.filter(({ status }) => status === 200).length
    assert.ok(served < 8)
    await until('nothing is in flight', async () => {
      const now = await scrape(adminUrl)
      return [...now].every(([series, value]) => !series.includes('_in_flight') || value === 0)
    })
    const after = await scrape(adminUrl)
    // What died with the thread is over, but nobody could count it.
    assert.equal(after.get(requests), 6 + served)
    assert.equal(after.get('xecureapi_workers_serving'), 2)
    assert.equal(after.get('xecureapi_workers'), 2)
  })

  test('tell of connections of clients, and of those that were turned away', async (t) => {
    const backend = await startBackend(t, 'a')
    const { url, adminUrl } = await startGateway(
      t,
      {
        server: { limits: { maxConnectionsPerIp: 3 } },
        upstreams: { shop: { backends: [backend.url] } },
        routes: [{ path: '/', upstream: 'shop' }]
      },
      { workers: 2 }
    )
    const clients = await Promise.all([1, 2, 3].map(() => rawClient(t, url)))
    await until('they are there', async () => (await scrape(adminUrl)).get('xecureapi_connections') === 3)
    const fourth = await rawClient(t, url)
    await fourth.closed
    await until('they are counted', async () => {
      const now = await scrape(adminUrl)
      const refused = 'xecureapi_connections_turned_away_total{how="refused",reason="max_connections_per_ip"}'
      return now.get('xecureapi_connections_accepted_total') === 3 && now.get(refused) === 1
    })
    for (const { socket } of clients) socket.destroy()
    await until('they are gone', async () => (await scrape(adminUrl)).get('xecureapi_connections') === 0)
  })

  test('are for who has a token', async (t) => {
    const { adminUrl } = await startGateway(t, {
      admin: { tokens: ['a-token-of-this-test'] },
      upstreams: { shop: { backends: ['http://127.0.0.1:1'] } },
      routes: [{ path: '/', upstream: 'shop' }]
    })
    assert.equal((await exchange(`${adminUrl}/metrics`)).status, 401)
    const headers = { authorization: 'Bearer a-token-of-this-test' }
    const { status, body } = await exchange(`${adminUrl}/metrics`, { headers })
    assert.equal(status, 200)
    assert.match(body, /^xecureapi_build_info\{version="\d+\.\d+\.\d+",node="24\./m)
    assert.doesNotMatch(body, /a-token-of-this-test/)
  })
})
