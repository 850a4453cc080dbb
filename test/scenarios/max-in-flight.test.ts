import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startCountingBackend } from '../helpers/counting-backend.ts'
import { exchange } from '../helpers/exchange.ts'
import { startGateway, untilIdle, WORKER_COUNTS } from '../helpers/gateway.ts'
import { startHoldingBackend } from '../helpers/holding-backend.ts'
import { failures, keepAliveAgent, sendMany } from '../helpers/load.ts'
import { collectLog } from '../helpers/log-lines.ts'
import { until } from '../helpers/until.ts'

for (const workers of WORKER_COUNTS) {
  test(`no backend has more in flight than it may, with ${workers} workers`, async (t) => {
    const [narrow, wide] = [await startCountingBackend(t, 'a', 3), await startCountingBackend(t, 'b', 3)]
    const [held, other] = [await startHoldingBackend(t, 'held'), await startHoldingBackend(t, 'other')]
    const { log, lines } = collectLog('info')
    const { gateway, url } = await startGateway(
      t,
      {
        // The lines of other threads go to the process's own output.
        log: { level: workers === 0 ? 'info' : 'silent' },
        upstreams: {
          bare: {
            backends: [
              { url: narrow.url, maxInFlight: 1 },
              { url: wide.url, maxInFlight: 4 }
            ]
          },
          lined: {
            balancing: 'least-connections',
            queue: { max: 100, timeout: '30s' },
            backends: [
              { url: narrow.url, maxInFlight: 1 },
              { url: wide.url, maxInFlight: 4 }
            ]
          },
          held: { backends: [held, other].map((backend) => ({ url: backend.url, maxInFlight: 1 })) }
        },
        routes: ['bare', 'lined', 'held'].map((name) => ({ path: `/${name}`, upstream: name }))
      },
      { workers, ...(workers === 0 && { log }) }
    )
    // Several clients, so that both workers have some of the connections.
    const load = async (path: string, count: number, concurrency: number) => {
      const agents = [0, 1, 2, 3].map(() => keepAliveAgent(t))
      const outcomes = await Promise.all(
        agents.map((agent) => sendMany(agent, `${url}${path}`, count / 4, concurrency / 4))
      )
      return outcomes.flat()
    }

    await t.test('what is too much is refused', async () => {
      const outcomes = await load('/bare', 400, 16)
      assert.deepEqual([narrow.most(), wide.most() <= 4], [1, true])
      const refused = failures(outcomes)
      assert.ok(refused.length > 0 && refused.length < outcomes.length, `${refused.length} refused`)
      assert.ok(refused.every(({ status }) => status === 503))
      if (workers > 0) return
      await until('all are logged', () => lines('request').length === 400)
      for (const { status, reason } of lines('request')) {
        assert.equal(reason, status === 503 ? 'at_capacity' : undefined)
      }
    })

    await t.test('or waits, when it may', async () => {
      const outcomes = await load('/lined', 400, 16)
      assert.deepEqual([failures(outcomes), narrow.most(), wide.most() <= 4], [[], 1, true])
    })

    await t.test('a full backend’s requests go to the others, then come back in a second', async () => {
      const running = [exchange(`${url}/held`), exchange(`${url}/held`)]
      await until('both have one', () => held.held() + other.held() === 2)
      assert.deepEqual([held.held(), other.held()], [1, 1])
      const { status, headers } = await exchange(`${url}/held`)
      assert.deepEqual([status, headers['retry-after']], [503, '1'])
      held.release()
      other.release()
      const bodies = (await Promise.all(running)).map(({ body }) => body)
      assert.deepEqual(bodies.toSorted(), ['held', 'other'])
    })
    await untilIdle(gateway)
  })
}
