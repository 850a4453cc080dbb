import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { test } from 'node:test'
import { startBackend } from '../helpers/backend.ts'
import { startGateway, untilIdle, WORKER_COUNTS } from '../helpers/gateway.ts'
import { startHoldingBackend } from '../helpers/holding-backend.ts'
import { keepAliveAgent, type Outcome, send } from '../helpers/load.ts'
import { until } from '../helpers/until.ts'

/** Milliseconds between two probes, less the 10 % by which they may come early. */
const INTERVAL = 100
const EARLIEST = 0.9 * INTERVAL

for (const workers of WORKER_COUNTS) {
  test(`threads share what they know of backends, with ${workers} workers`, async (t) => {
    const names = ['a', 'b', 'c', 'd']
    const backends = await Promise.all(names.map((name) => startHoldingBackend(t, name)))
    const probed = await startBackend(t, 'probed')
    const { gateway, url, group } = await startGateway(
      t,
      {
        upstreams: {
          held: { balancing: 'least-connections', backends: backends.map((backend) => backend.url) },
          probed: { backends: [probed.url], healthCheck: { path: '/probe', interval: `${INTERVAL}ms` } }
        },
        routes: [{ path: '/', upstream: 'held' }]
      },
      { workers }
    )
    const counts = (): number[] => backends.map((backend) => backend.held())
    const total = (): number => counts().reduce((sum, count) => sum + count)

    await t.test('40 requests held open are 10 at each of four backends', async (sub) => {
      const outcomes: Promise<Outcome>[] = []
      for (let held = 1; held <= 40; held++) {
        // A connection of its own for each: the system deals them out to the threads.
        outcomes.push(send(keepAliveAgent(sub), url))
        await until(`${held} are held`, () => total() === held)
      }
      for (const count of counts()) assert.ok(Math.abs(count - 10) <= 1, `10 ± 1 each: ${counts().join()}`)
      assert.deepEqual(
        (await group('held')).backends.map((backend) => backend.inFlight),
        counts(),
        'the admin API counts the same'
      )
      for (const backend of backends) backend.release()
      assert.ok((await Promise.all(outcomes)).every(({ status }) => status === 200))
      await untilIdle(gateway)
    })

    await t.test('one prober asks, however many threads there are', async () => {
      const start = performance.now()
      const before = probed.requests()
      await delay(6 * INTERVAL)
      const probes = probed.requests() - before
      const most = Math.ceil((performance.now() - start) / EARLIEST) + 1
      assert.ok(probes >= 2 && probes <= most, `${probes} probes, at most ${most}`)
    })
  })
}
