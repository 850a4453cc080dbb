import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Readiness } from '../../src/admin/readiness.ts'
import { startBackends } from '../helpers/backend.ts'
import { CRASHING_WORKER, crashWorker } from '../helpers/crash-worker.ts'
import {
  collectEvents,
  inFlight,
  type RawConfig,
  startGateway,
  untilIdle,
  type TestGatewayOptions
} from '../helpers/gateway.ts'
import { exchange } from '../helpers/exchange.ts'
import { startHoldingBackend } from '../helpers/holding-backend.ts'
import { keepAliveAgent, send, startLoad } from '../helpers/load.ts'
import { until } from '../helpers/until.ts'

const crashing: TestGatewayOptions = { workerEntry: CRASHING_WORKER, workerHeap: 96 }

function configOf(backends: readonly { url: string }[], server: object = {}): RawConfig {
  return {
    server,
    upstreams: { catalog: { balancing: 'least-connections', backends: backends.map(({ url }) => url) } },
    routes: [{ path: '/', upstream: 'catalog' }]
  }
}

/** Why a worker died that was crashed so. Only the one that stands still may be taken for one that does. */
const DEATHS = [
  { what: 'throw', reason: 'uncaught_exception', stallTimeout: '30s' },
  { what: 'oom', reason: 'out_of_memory', stallTimeout: '30s' },
  { what: 'block', reason: 'stalled', stallTimeout: '1500ms' }
] as const

for (const { what, reason, stallTimeout } of DEATHS) {
  test(`a worker that dies (${reason}) takes its own requests along and nothing else, and is replaced`, async (t) => {
    const backend = await startHoldingBackend(t, 'holding')
    const { gateway, url, adminUrl } = await startGateway(t, configOf([backend], { stallTimeout }), {
      ...crashing,
      workers: 2
    })
    const events = collectEvents(gateway, 'worker')
    // On connections of their own, so that both workers have some.
    const held = Array.from({ length: 24 }, () => send(keepAliveAgent(t), url))
    await until('all are held', async () => (await inFlight(gateway)) === 24)

    crashWorker({ row: 1, what })
    await until('it has died', () => events.length > 0)
    const [died] = events
    assert.deepEqual([died?.worker, died?.state, died?.reason], [1, 'died', reason])
    const answer = await exchange(`${adminUrl}/readyz`)
    assert.equal(answer.status, 200)
    const readiness = JSON.parse(answer.body) as Readiness
    // It may be back already.
    if (readiness.status !== 'ready') {
      const { status, reason: why, workers } = readiness
      assert.deepEqual([status, why, workers], ['degraded', 'workers_missing', { configured: 2, serving: 1 }])
    }

    const left = await inFlight(gateway)
    assert.ok(left > 0 && left < 24, `${left} of 24 are still in flight`)
    backend.release()
    assert.equal((await exchange(url)).status, 200, 'the other one serves')
    const outcomes = await Promise.all(held)
    assert.equal(outcomes.filter(({ status }) => status === 200).length, left)
    assert.equal(outcomes.filter(({ status }) => status === 0).length, 24 - left)
    await until('it is back', () => events.at(-1)?.state === 'serving')
    assert.equal(gateway.readiness.status, 'ready')
    await untilIdle(gateway)
  })
}

test('ten crashes in a minute: the gateway stays up on the others', async (t) => {
  const backends = await startBackends(t, 2)
  const { gateway, url } = await startGateway(t, configOf(backends), { ...crashing, workers: 4 })
  const events = collectEvents(gateway, 'worker')
  const reads = startLoad(keepAliveAgent(t), url, 100)
  const statuses = new Set<string>()
  let crashes = 0
  while (crashes < 10) {
    for (const row of [1, 2, 3]) {
      if (events.findLast((event) => event.worker === row)?.state === 'died') continue
      const before = events.length
      crashWorker({ row, what: 'throw' })
      crashes++
      await until('it has died', () => events.slice(before).some((event) => event.worker === row))
      statuses.add(gateway.readiness.status)
    }
    await until('one is back', () =>
      [1, 2, 3].some((row) => events.findLast((event) => event.worker === row)?.state === 'serving')
    )
  }
  assert.deepEqual([...statuses], ['degraded'])
  await until('all are back', () => gateway.readiness.status === 'ready')
  const before = reads.outcomes.length
  await until('it serves', () => reads.outcomes.length > before + 20)
  const outcomes = await reads.stop()
  assert.ok(
    outcomes.every(({ status }) => status === 200 || status === 0),
    'what was lost, was lost by a crash'
  )
  assert.ok(outcomes.slice(before).every(({ status }) => status === 200))
  await untilIdle(gateway)
})

test('without any worker the gateway is not ready, until one is back', async (t) => {
  const { gateway, url, adminUrl } = await startGateway(t, configOf(await startBackends(t, 1)), {
    ...crashing,
    workers: 1
  })
  const events = collectEvents(gateway, 'worker')
  crashWorker({ row: 0, what: 'throw' })
  await until('it has died', () => events.length > 0)
  const answer = await exchange(`${adminUrl}/readyz`)
  assert.equal(answer.status, 503)
  assert.deepEqual(JSON.parse(answer.body), {
    status: 'not_ready',
    reason: 'no_worker',
    generation: 1,
    workers: { configured: 1, serving: 0 }
  })
  await until('it is back', () => gateway.readiness.status === 'ready')
  assert.equal((await exchange(url)).status, 200)
})

test('a reload while a worker is away reaches it when it is back', async (t) => {
  const backends = await startBackends(t, 2)
  const { gateway, url, write } = await startGateway(t, configOf(backends.slice(0, 1)), {
    ...crashing,
    workers: 2
  })
  const events = collectEvents(gateway, 'worker')
  crashWorker({ row: 0, what: 'throw' })
  await until('it has died', () => events.length > 0)
  await write(configOf(backends.slice(1)))
  assert.equal((await gateway.reload('admin')).outcome, 'applied')
  await until('it is back', () => gateway.readiness.status === 'ready')
  assert.equal(gateway.readiness.generation, 2)
  for (let turn = 0; turn < 20; turn++) {
    assert.equal((await exchange(url)).body, 'b', 'no thread serves the old configuration')
  }
})

test('a worker that stands still does not hold up the stop', async (t) => {
  const { gateway } = await startGateway(
    t,
    configOf(await startBackends(t, 1), { shutdown: { delay: '100ms', timeout: '300ms' } }),
    { ...crashing, workers: 2 }
  )
  crashWorker({ row: 1, what: 'block' })
  const { cut } = await gateway.stop()
  assert.ok(cut > 0, 'what it had is lost')
})
