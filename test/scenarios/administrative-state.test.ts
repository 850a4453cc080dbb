import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { test, type TestContext } from 'node:test'
import type { BackendView } from '../../src/admin/upstreams.ts'
import type { ForwardedExplanation } from '../../src/explain.ts'
import { HEALTH_PATH, startBackend, type TestBackend } from '../helpers/backend.ts'
import { exchange } from '../helpers/exchange.ts'
import {
  backendOf,
  collectEvents,
  readAdmin,
  startGateway,
  type TestGateway,
  untilIdle,
  WORKER_COUNTS
} from '../helpers/gateway.ts'
import { failures, keepAliveAgent, type Outcome, send, sendMany, startLoad } from '../helpers/load.ts'
import { collectLog } from '../helpers/log-lines.ts'
import { closedPort } from '../helpers/misbehaving-backend.ts'
import { until } from '../helpers/until.ts'

/** A backend whose answers to `/long` wait until the test gives them, one by one. */
interface PatientBackend extends TestBackend {
  readonly held: () => number
  readonly answerOne: () => void
}

async function startPatientBackend(t: TestContext, name: string): Promise<PatientBackend> {
  const waiting: ServerResponse[] = []
  const backend = await startBackend(t, name, (request, response) => {
    request.resume()
    response.setHeader('x-served-by', name)
    if (request.url === '/long') waiting.push(response)
    else response.end(name)
  })
  return { ...backend, held: () => waiting.length, answerOne: () => waiting.shift()?.end('done') }
}

/** The names of all who served them, in order. */
function servedBy(outcomes: readonly Outcome[]): string {
  return [...new Set(outcomes.map((outcome) => String(outcome.servedBy)))].toSorted().join()
}

/** Sets a backend's state by the admin API. */
async function setState(
  { adminUrl }: TestGateway,
  { url }: TestBackend,
  state: BackendView['state']
): Promise<BackendView> {
  const { status, body } = await exchange(
    `${adminUrl}/api/upstreams/shop/backends/${encodeURIComponent(new URL(url).host)}`,
    {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ state })
    }
  )
  assert.equal(status, 200, body)
  return JSON.parse(body) as BackendView
}

for (const workers of WORKER_COUNTS) {
  test(`a backend is drained under load, and nobody notices, with ${workers} workers`, async (t) => {
    const a = await startPatientBackend(t, 'a')
    const b = await startPatientBackend(t, 'b')
    const config = {
      log: { level: 'info' },
      upstreams: { shop: { balancing: 'least-connections', backends: [a.url, b.url] } },
      routes: [{ path: '/', upstream: 'shop' }]
    }
    const { log, lines } = collectLog('info')
    const front = await startGateway(t, config, { workers, log })
    const { gateway, url, write, group } = front
    const states = collectEvents(gateway, 'state')
    const drained = collectEvents(gateway, 'drained')
    const view = async (): Promise<BackendView> => backendOf(await group('shop'), a.url)
    // A connection of its own for each: the system deals them out to the threads.
    const sendEach = (count: number): Promise<Outcome[]> =>
      Promise.all(Array.from({ length: count }, () => send(keepAliveAgent(t), url)))

    const long: Promise<Outcome>[] = []
    for (let held = 1; held <= 6; held++) {
      long.push(send(keepAliveAgent(t), `${url}/long`))
      await until(`${held} are held`, () => a.held() + b.held() === held)
    }
    const load = startLoad(keepAliveAgent(t), url, 100)
    await until('a gets requests', () => load.outcomes.some((outcome) => outcome.servedBy === 'a'))

    const answer = await setState(front, a, 'draining')
    assert.deepEqual([answer.state, answer.health, answer.share], ['draining', 'healthy', 0])
    await until('only the long ones are left', async () => (await view()).inFlight === 3)
    const before = a.requests()
    assert.equal(servedBy(await sendEach(8)), 'b')
    assert.equal(a.requests(), before, 'no new request comes')

    await write({ ...config, routes: [{ name: 'renamed', path: '/', upstream: 'shop' }] })
    assert.equal((await gateway.reload('admin')).outcome === 'failed', false)
    await until('it is applied', () => gateway.readiness.generation === 2)
    assert.equal((await view()).state, 'draining', 'a reload keeps the state')
    assert.equal(servedBy(await sendEach(8)), 'b')

    for (let left = 2; left >= 0; left--) {
      assert.deepEqual(drained, [])
      a.answerOne()
      await until(`${left} are left`, async () => (await view()).inFlight === left)
    }
    await until('it is told that it is drained', () => drained.length === 1)
    assert.deepEqual([drained[0]!.backend, drained[0]!.state], [new URL(a.url).host, 'draining'])
    assert.equal(a.requests(), before)

    await setState(front, a, 'active')
    await until('a has its share again', async () => servedBy(await sendEach(4)).includes('a'))
    await setState(front, a, 'disabled')
    await until('nothing is left', async () => (await view()).inFlight === 0)
    assert.equal(servedBy(await sendEach(8)), 'b')
    await setState(front, a, 'disabled')

    while (b.held() > 0) b.answerOne()
    assert.deepEqual(failures(await Promise.all(long)), [], 'none was cut')
    assert.deepEqual(failures(await load.stop()), [])
    await untilIdle(gateway)
    const changes = ['active draining', 'draining active', 'active disabled']
    assert.deepEqual(
      states.map(({ from, to }) => `${from} ${to}`),
      changes,
      'one event a change'
    )
    assert.deepEqual(
      lines('backend state changed').map(({ from, to }) => `${String(from)} ${String(to)}`),
      changes,
      'one log line a change'
    )
  })
}

test('without anybody else a draining backend still gets nothing new: 503', async (t) => {
  const a = await startPatientBackend(t, 'a')
  const front = await startGateway(t, {
    upstreams: { shop: { backends: [a.url] } },
    routes: [{ path: '/', upstream: 'shop' }]
  })
  await setState(front, a, 'draining')
  const { status, headers } = await exchange(front.url)
  assert.deepEqual([status, headers['retry-after'] !== undefined, a.requests()], [503, true, 0])
  const explanation = await readAdmin<ForwardedExplanation>(front.gateway, '/api/explain?url=/')
  assert.deepEqual([explanation.outcome, explanation.backends[0]!.reason], ['no_usable_backend', 'draining'])
})

test('requests go to those that explain says, and it says of all others why not', async (t) => {
  const names = ['plain', 'full', 'weightless', 'draining', 'disabled', 'spilled', 'spare']
  const started = await Promise.all(
    names.map(async (name) => [name, await startPatientBackend(t, name)] as const)
  )
  const backends = Object.fromEntries(started)
  const url = (name: string): string => backends[name]!.url
  const ill = await closedPort()
  const bad = await startBackend(t, 'ejected', (request, response) => {
    request.resume()
    response.statusCode = 500
    response.end()
  })
  const front = await startGateway(t, {
    upstreams: {
      shop: {
        healthCheck: { path: HEALTH_PATH, interval: '60s', unhealthyAfter: 1 },
        outlierDetection: { consecutiveFailures: 1, ejectFor: '60s' },
        backends: [
          url('plain'),
          { url: url('full'), maxInFlight: 1 },
          { url: url('weightless'), weight: 0 },
          url('draining'),
          url('disabled'),
          ill,
          bad.url,
          { url: url('spilled'), tier: 1 },
          { url: url('spare'), tier: 2 }
        ]
      }
    },
    routes: [{ path: '/', upstream: 'shop' }]
  })
  const { gateway } = front
  const explained = async (): Promise<ForwardedExplanation> =>
    await readAdmin<ForwardedExplanation>(gateway, '/api/explain?url=/')
  await until('the first probes are answered', () => gateway.readiness.status === 'ready')
  await setState(front, backends['draining']!, 'draining')
  await setState(front, backends['disabled']!, 'disabled')
  const agent = keepAliveAgent(t)
  await until('the bad one is ejected', async () => {
    await send(agent, front.url)
    return (await explained()).backends.some(({ reason }) => reason === 'ejected')
  })
  const long: Promise<Outcome>[] = []
  await until('the capped one is full', () => {
    long.push(send(keepAliveAgent(t), `${front.url}/long`))
    return backends['full']!.held() === 1
  })

  const { outcome, tiers, backends: verdicts } = await explained()
  assert.equal(outcome, 'forward')
  assert.deepEqual(
    verdicts.map(({ accepted, reason, state, health }) => [accepted, reason, state, health]),
    [
      [true, 'probe_passed', 'active', 'healthy'],
      [false, 'at_capacity', 'active', 'healthy'],
      [false, 'weight_zero', 'active', 'healthy'],
      [false, 'draining', 'draining', 'healthy'],
      [false, 'disabled', 'disabled', 'healthy'],
      [false, 'ill', 'active', 'unhealthy'],
      [false, 'ejected', 'active', 'unhealthy'],
      [true, 'spilled', 'active', 'healthy'],
      [false, 'spare_tier', 'active', 'healthy']
    ]
  )
  assert.deepEqual(
    verdicts.filter(({ health }) => health === 'unhealthy').map(({ healthReason }) => healthReason),
    ['connect_refused', 'consecutive_failures']
  )
  assert.deepEqual(
    tiers.map(({ tier, share }) => [tier, Math.round(share * 100)]),
    [
      [0, 70],
      [1, 30],
      [2, 0]
    ]
  )
  const total = verdicts.reduce((sum, { share }) => sum + share, 0)
  assert.ok(Math.abs(total - 1) < 1e-9, `shares add up to 1: ${total}`)

  const outcomes = await sendMany(agent, front.url, 60, 1)
  assert.deepEqual(failures(outcomes), [])
  assert.equal(servedBy(outcomes), 'plain,spilled')
  let ended = 0
  for (const one of long) void one.then(() => ended++)
  await until('the long ones end', () => {
    for (const backend of Object.values(backends)) backend.answerOne()
    return ended === long.length
  })
  assert.deepEqual(failures(await Promise.all(long)), [])
})
