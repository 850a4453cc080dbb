import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { test } from 'node:test'
import type { GatewayEvent } from '../../src/telemetry/events.ts'
import { HEALTH_PATH, startBackend } from '../helpers/backend.ts'
import { CRASHING_WORKER, crashWorker } from '../helpers/crash-worker.ts'
import { readEvents } from '../helpers/event-stream.ts'
import { type RawConfig, startGateway } from '../helpers/gateway.ts'
import { until } from '../helpers/until.ts'

test('/api/events tells what happens while it happens', async (t) => {
  const backend = await startBackend(t, 'a')
  const configOf = (path: string): RawConfig => ({
    upstreams: {
      catalog: {
        backends: [backend.url],
        healthCheck: { path: HEALTH_PATH, interval: '100ms', unhealthyAfter: 1, healthyAfter: 1 }
      }
    },
    routes: [{ path, upstream: 'catalog' }]
  })
  const front = await startGateway(t, configOf('/a'), { workers: 1, workerEntry: CRASHING_WORKER })
  const stream = await readEvents(t, front.adminUrl)
  assert.equal(stream.response.statusCode, 200)
  assert.equal(stream.response.headers['content-type'], 'text/event-stream')
  assert.equal(stream.response.headers['cache-control'], 'no-store')
  const next = async (what: string, cause: () => unknown, matches: (event: GatewayEvent) => boolean) => {
    await t.test(what, async () => {
      await cause()
      const start = performance.now()
      await until('it is told', () => stream.events.some(matches))
      // The cause itself takes a probe, a debounce or a restart; that aside, it is at once.
      const event = stream.events.find(matches)!
      const late = Date.now() - Date.parse(event.time)
      assert.ok(
        late < 1000,
        `it came ${late} ms after it happened, ${performance.now() - start} ms after its cause`
      )
    })
  }

  await next(
    'a backend that falls ill',
    backend.kill,
    (event) => event.type === 'health' && event.to === 'unhealthy'
  )
  await next(
    'a backend that is well',
    backend.revive,
    (event) => event.type === 'health' && event.to === 'healthy'
  )
  await next(
    'a reload of a changed file',
    () => front.write(configOf('/b')),
    (event) => event.type === 'reload' && event.outcome === 'applied'
  )
  await next(
    'a reload that failed',
    () => front.write('routes: 1'),
    (event) => event.type === 'reload' && event.outcome === 'failed'
  )
  await next(
    'a worker that died',
    () => crashWorker({ row: 0, what: 'throw' }),
    (event) => event.type === 'worker' && event.state === 'died'
  )
  await next(
    'a worker that is back',
    () => {},
    (event) => event.type === 'worker' && event.state === 'serving'
  )

  await t.test('numbers grow by one, and a reader that comes back gets what it missed', async (sub) => {
    const numbers = stream.events.map(({ id }) => id)
    assert.deepEqual(
      numbers,
      numbers.map((_, index) => numbers[0]! + index)
    )
    const again = await readEvents(sub, front.adminUrl, { 'last-event-id': String(numbers[1]) })
    await until('it has caught up', () => again.events.length >= numbers.length - 2)
    assert.deepEqual(again.events, stream.events.slice(2))
    const fresh = await readEvents(sub, front.adminUrl)
    await delay(50)
    assert.deepEqual(fresh.events, [], 'a new reader gets only what is new')
  })

  await t.test('a stop ends the stream properly', async () => {
    await front.gateway.stop(1000)
    assert.equal(await stream.ended, true)
  })
})
