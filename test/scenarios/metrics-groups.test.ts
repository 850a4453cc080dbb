import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { startBackend } from '../helpers/backend.ts'
import { exchange } from '../helpers/exchange.ts'
import { startGateway } from '../helpers/gateway.ts'
import { startHoldingBackend } from '../helpers/holding-backend.ts'
import { closedPort } from '../helpers/misbehaving-backend.ts'
import { startMoodyBackend } from '../helpers/moody-backend.ts'
import { type Scrape, scrape } from '../helpers/scrape.ts'
import { until } from '../helpers/until.ts'

/** A series of a group; labels in the order of their names. */
function read(of: Scrape, name: string, labels: string): number {
  return of.get(`xecureapi_${name}{${labels}}`) ?? 0
}

suite('metrics of groups, counted by two threads', { concurrency: 3 }, () => {
  test('tell of the line: who waits, for how long, and who gave up', async (t) => {
    const backend = await startHoldingBackend(t, 'a')
    const { url, adminUrl } = await startGateway(
      t,
      {
        upstreams: {
          shop: {
            backends: [{ url: backend.url, maxInFlight: 1 }],
            queue: { max: 2, timeout: '1500ms' }
          }
        },
        routes: [{ name: 'r', path: '/', upstream: 'shop' }]
      },
      { workers: 2 }
    )
    const ofGroup = async (name: string) => read(await scrape(adminUrl), name, 'group="shop"')
    const first = exchange(url)
    await until('it is there', () => backend.held() === 1)
    const others = [exchange(url), exchange(url)]
    await until('two wait', async () => (await ofGroup('queue_waiting')) === 2)
    const full = await exchange(url)
    assert.equal(full.status, 503)
    const statuses = await Promise.all(others.map(async (one) => (await one).status))
    assert.deepEqual(statuses, [503, 503])
    backend.release()
    await first
    await until('all is counted', async () => {
      const now = await scrape(adminUrl)
      return read(now, 'group_request_duration_seconds_count', 'group="shop"') === 4
    })
    const after = await scrape(adminUrl)
    assert.equal(read(after, 'queue_waiting', 'group="shop"'), 0)
    assert.equal(read(after, 'queue_wait_seconds_count', 'group="shop"'), 2)
    assert.ok(read(after, 'queue_wait_seconds_sum', 'group="shop"') >= 2.9)
    assert.equal(read(after, 'refusals_total', 'group="shop",reason="queue_full"'), 1)
    assert.equal(read(after, 'refusals_total', 'group="shop",reason="queue_timeout"'), 2)
    assert.equal(read(after, 'request_failures_total', 'reason="queue_full",route="r"'), 1)
    assert.equal(read(after, 'picks_total', 'group="shop",reason="balanced"'), 1)
  })

  test('tell of retries: those that were made, those under way, and those beyond the budget', async (t) => {
    const held = await startHoldingBackend(t, 'held')
    const failing = await startMoodyBackend(t, 'failing', 503)
    const { url, adminUrl } = await startGateway(
      t,
      {
        upstreams: {
          // The first attempt of each goes to the one that fails.
          shop: {
            backends: [failing.url, { url: held.url, tier: 1 }],
            retry: { on: [503], budgetPercent: 1 }
          }
        },
        routes: [{ path: '/', upstream: 'shop' }]
      },
      { workers: 2 }
    )
    const requests = Array.from({ length: 16 }, () => exchange(url))
    await until('all have failed once, and some go on', async () => {
      const now = await scrape(adminUrl)
      const made = read(now, 'retries_total', 'group="shop"')
      return made + read(now, 'retries_denied_total', 'group="shop"') === 16 && made === held.held()
    })
    const during = await scrape(adminUrl)
    const made = read(during, 'retries_total', 'group="shop"')
    // Three are always allowed, in each thread.
    assert.ok(made >= 3 && made <= 6, `${made} retries`)
    assert.equal(read(during, 'retries_in_flight', 'group="shop"'), made)
    held.release()
    const outcomes = await Promise.all(requests)
    assert.equal(outcomes.filter(({ status }) => status === 200).length, made)
    await until('none is under way', async () => {
      return read(await scrape(adminUrl), 'retries_in_flight', 'group="shop"') === 0
    })
    const after = await scrape(adminUrl)
    assert.equal(read(after, 'attempt_failures_total', 'group="shop",reason="status_5xx"'), 16)
    assert.equal(read(after, 'picks_total', 'group="shop",reason="spilled"'), made)
  })

  test('tell of the concurrency limit: its value, what is under way, and whom it refused', async (t) => {
    const backend = await startHoldingBackend(t, 'a')
    const { url, adminUrl } = await startGateway(
      t,
      {
        upstreams: { shop: { backends: [backend.url], concurrency: { mode: 'static', max: 2 } } },
        routes: [{ name: 'r', path: '/', upstream: 'shop', priority: 'sheddable' }]
      },
      { workers: 2 }
    )
    const held = [exchange(url), exchange(url)]
    await until('both are there', () => backend.held() === 2)
    assert.equal((await exchange(url)).status, 503)
    const overloaded = 'reason="overloaded",route="r"'
    await until(
      'it is counted',
      async () => read(await scrape(adminUrl), 'request_failures_total', overloaded) === 1
    )
    const during = await scrape(adminUrl)
    assert.equal(read(during, 'concurrency_limit', 'group="shop"'), 2)
    assert.equal(read(during, 'concurrency_in_flight', 'group="shop"'), 2)
    assert.equal(read(during, 'requests_shed_total', 'group="shop",priority="sheddable"'), 1)
    assert.equal(read(during, 'requests_shed_total', 'group="shop",priority="normal"'), 0)
    assert.equal(read(during, 'refusals_total', 'group="shop",reason="overloaded"'), 1)
    backend.release()
    await Promise.all(held)
    assert.equal(read(await scrape(adminUrl), 'concurrency_in_flight', 'group="shop"'), 0)
  })

  test('tell of the circuit breaker, and of connections', async (t) => {
    const backend = await startMoodyBackend(t, 'a', 500)
    const { url, adminUrl } = await startGateway(
      t,
      {
        upstreams: {
          shop: {
            backends: [backend.url],
            circuitBreaker: { minRequests: 2, window: '60s', openFor: '60s' }
          }
        },
        routes: [{ path: '/', upstream: 'shop' }]
      },
      { workers: 2 }
    )
    const state = async (name: string) =>
      read(await scrape(adminUrl), 'circuit_breaker_state', `group="shop",state="${name}"`)
    assert.deepEqual([await state('closed'), await state('open')], [1, 0])
    await until('it is open', async () => {
      await exchange(url)
      return (await state('open')) === 1
    })
    assert.equal((await exchange(url)).status, 503)
    const after = await scrape(adminUrl)
    assert.equal(read(after, 'circuit_breaker_transitions_total', 'group="shop",to="open"'), 1)
    assert.ok(read(after, 'refusals_total', 'group="shop",reason="circuit_open"') >= 1)
    const open = read(after, 'group_connections', 'group="shop"')
    // Each thread keeps the one that it has.
    assert.ok(open >= 1 && open <= 2, `${open} connections`)
    assert.equal(read(after, 'group_connects_total', 'group="shop"'), open)
    await backend.kill()
    await until('they are gone', async () => {
      return read(await scrape(adminUrl), 'group_connections', 'group="shop"') === 0
    })
  })

  test('tell of sessions, panic, and where a spare tier helps', async (t) => {
    const [a, b] = [await startBackend(t, 'a'), await startBackend(t, 'b')]
    const { url, adminUrl } = await startGateway(
      t,
      {
        upstreams: {
          shop: { backends: [a.url, b.url], affinity: { secret: 'a secret of this test alone' } },
          sick: {
            backends: [await closedPort(), a.url],
            panicThreshold: 90,
            healthCheck: { initially: 'unhealthy', interval: '60s', unhealthyAfter: 1, healthyAfter: 1 }
          }
        },
        routes: [
          { path: '/', upstream: 'shop' },
          { path: '/sick', upstream: 'sick' }
        ]
      },
      { workers: 2 }
    )
    const { headers } = await exchange(url)
    const [cookie] = headers['set-cookie']![0]!.split(';')
    await exchange(url, { headers: { cookie: cookie! } })
    const after = await scrape(adminUrl)
    assert.equal(read(after, 'picks_total', 'group="shop",reason="affinity"'), 1)
    // One of its two answers probes.
    const panics = ['shop', 'sick'].map((group) => read(after, 'panic', `group="${group}"`))
    assert.deepEqual(panics, [0, 1])
  })
})
