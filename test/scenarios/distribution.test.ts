import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startBackend, startBackends, type TestBackend } from '../helpers/backend.ts'
import { startGateway, untilIdle, WORKER_COUNTS } from '../helpers/gateway.ts'
import { failures, keepAliveAgent, send, sendMany } from '../helpers/load.ts'

/** Requests that each backend gets of so many. */
async function share(backends: readonly TestBackend[], requests: () => Promise<unknown>): Promise<number[]> {
  const before = backends.map((backend) => backend.requests())
  await requests()
  return backends.map((backend, index) => backend.requests() - before[index]!)
}

for (const workers of WORKER_COUNTS) {
  test(`requests are spread as the algorithms say, with ${workers} workers`, async (t) => {
    const [a, b, c] = await startBackends(t, 3)
    const backends = [a!, b!, c!]
    const slow = await startBackend(t, 'slow', (request, response) => {
      request.resume()
      setTimeout(() => response.end('slow'), 40)
    })
    const urls = backends.map((backend) => backend.url)
    const [first, ...others] = urls
    const { gateway, url } = await startGateway(
      t,
      {
        upstreams: {
          turns: { backends: urls },
          weighted: { backends: [{ url: first, weight: 5 }, ...others] },
          least: { balancing: 'least-connections', backends: urls },
          uneven: { balancing: 'least-connections', backends: [a!.url, slow.url] }
        },
        routes: ['turns', 'weighted', 'least', 'uneven'].map((upstream) => ({
          path: `/${upstream}`,
          upstream
        }))
      },
      { workers }
    )
    const agent = keepAliveAgent(t, 32)
    // Turns are each thread's own, so n threads may be n requests apart.
    const slack = Math.max(1, workers)

    for (const [name, concurrency, count] of [
      ['sequential', 1, 300],
      ['concurrent', 32, 3000]
    ] as const) {
      await t.test(
        `round-robin gives each of three backends its third of ${count} ${name} requests`,
        async () => {
          const counts = await share(backends, async () => {
            assert.deepEqual(failures(await sendMany(agent, `${url}/turns`, count, concurrency)), [])
          })
          assert.equal(
            counts.reduce((sum, count) => sum + count),
            count
          )
          assert.ok(
            Math.max(...counts) - Math.min(...counts) <= slack,
            `within ${slack} of equal: ${counts.join(', ')}`
          )
        }
      )
    }

    await t.test('weights 5, 1 and 1 give 500, 100 and 100 of 700 requests', async () => {
      const counts = await share(backends, () => sendMany(agent, `${url}/weighted`, 700, 8))
      const off = counts.map((count, index) => Math.abs(count - [500, 100, 100][index]!))
      assert.ok(Math.max(...off) <= 5 * (slack - 1), `as weighted: ${counts.join(', ')}`)
    })

    await t.test('weights 5, 1 and 1 take turns as a a b a c a a', { skip: workers > 1 }, async () => {
      let turns = ''
      for (let turn = 0; turn < 14; turn++) turns += (await send(agent, `${url}/weighted`)).body
      assert.equal(turns, 'aabacaaaabacaa')
    })

    await t.test('least-connections takes idle backends in turns', async () => {
      const counts = await share(backends, () => sendMany(agent, `${url}/least`, 300, 1))
      assert.ok(Math.max(...counts) - Math.min(...counts) <= slack, `equal: ${counts.join(', ')}`)
    })

    await t.test('least-connections spares a slow backend', async () => {
      const [fast = 0, spared = 0] = await share([a!, slow], () => sendMany(agent, `${url}/uneven`, 400, 8))
      assert.equal(fast + spared, 400)
      assert.ok(spared > 0 && spared < fast / 2, `the slow one got ${spared}, the fast one ${fast}`)
    })

    await untilIdle(gateway)
  })
}
