import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { startBackend } from '../helpers/backend.ts'
import { CRASHING_WORKER, crashWorker } from '../helpers/crash-worker.ts'
import { collectEvents, type RawConfig, startGateway, WORKER_COUNTS } from '../helpers/gateway.ts'
import { keepAliveAgent, send, sendMany } from '../helpers/load.ts'
import { until } from '../helpers/until.ts'

/** How many of so many requests at once get through; all others are 429. */
async function admitted(t: TestContext, url: string, count: number): Promise<number> {
  const outcomes = await sendMany(keepAliveAgent(t), url, count, 16)
  const passed = outcomes.filter(({ status }) => status === 200).length
  assert.equal(outcomes.filter(({ status }) => status === 429).length, count - passed)
  return passed
}

const FLOODED = { limit: 1, per: '1h', burst: 2, key: 'header:x-key', maxKeys: 100 }

/** Two routes with a limit each, and what their responses have besides. */
function configOf(backend: string, rateLimit: RawConfig, set: RawConfig = {}): RawConfig {
  const rest = { upstream: 'lab', headers: { response: { set } } }
  return {
    upstreams: { lab: { backends: [backend] } },
    routes: [
      { name: 'flooded', path: '/flooded', rateLimit: FLOODED, ...rest },
      { name: 'changing', path: '/changing', rateLimit, ...rest }
    ]
  }
}

for (const workers of WORKER_COUNTS) {
  test(`a rate limit remembers, with ${workers} workers`, async (t) => {
    const backend = await startBackend(t, 'a')
    const rate = { limit: 1, per: '1h', burst: 3 }
    const { gateway, url, write } = await startGateway(t, configOf(backend.url, rate), { workers })

    await t.test('whom it has denied in a flood of new keys, which are served', async () => {
      const agent = keepAliveAgent(t, 32)
      const ask = async (key: string): Promise<number> =>
        (await send(agent, `${url}/flooded`, { headers: { 'x-key': key } })).status
      for (const status of [200, 200, 429]) assert.equal(await ask('denied'), status)
      let served = 0
      let sent = 0
      const client = async (): Promise<void> => {
        while (sent < 2000) if ((await ask(`new ${sent++}`)) === 200) served++
      }
      await Promise.all(Array.from({ length: 32 }, client))
      assert.equal(await ask('denied'), 429)
      assert.ok(served > 1900, `${served} newcomers were served`)
    })

    await t.test('whom it has denied after a reload, also one that changes its numbers', async () => {
      assert.equal(await admitted(t, `${url}/changing`, 6), 3)
      for (const [next, set, more] of [
        [rate, { 'x-new': '1' }, 0],
        [{ ...rate, limit: 2 }, {}, 0],
        [{ ...rate, burst: 5 }, {}, 2]
      ] as const) {
        await write(configOf(backend.url, next, set))
        // The watch may have been first.
        assert.notEqual((await gateway.reload('admin')).outcome, 'failed')
        assert.equal(await admitted(t, `${url}/changing`, 6), more)
      }
    })
  })
}

test('a rate limit remembers when the workers that counted are dead', async (t) => {
  const backend = await startBackend(t, 'a')
  const config = {
    rateLimit: { limit: 1, per: '1h', burst: 10 },
    upstreams: { lab: { backends: [backend.url] } },
    routes: [{ path: '/', upstream: 'lab' }]
  }
  const { gateway, url } = await startGateway(t, config, { workers: 2, workerEntry: CRASHING_WORKER })
  const events = collectEvents(gateway, 'worker')
  assert.equal(await admitted(t, url, 9), 9)
  for (const row of [0, 1]) {
    crashWorker({ row, what: 'throw' })
    await until('it has died', () => events.some(({ worker, state }) => worker === row && state === 'died'))
    await until('all serve', () => gateway.readiness.status === 'ready')
  }
  assert.equal(await admitted(t, url, 9), 1)
})
