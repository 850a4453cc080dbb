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

function configOf(backend: string, rateLimit: RawConfig): RawConfig {
  return {
    rateLimit,
    upstreams: { lab: { backends: [backend] } },
    routes: [{ path: '/', upstream: 'lab' }]
  }
}

/** Limits one after the other, and how many more come through when each is there. */
const CHANGES = [
  { rate: { limit: 1, per: '1h', burst: 3 }, more: 3 },
  // What was used up is used up: the time that it takes to come back is cut to that of the new burst.
  { rate: { limit: 2, per: '1h', burst: 3 }, more: 0 },
  { rate: { limit: 2, per: '1h', burst: 5 }, more: 2 },
  { rate: { limit: 2, per: '1h', burst: 1 }, more: 0 },
  { rate: { limit: 2, per: '1h', burst: 1, dryRun: true }, more: 9 },
  { rate: { limit: 2, per: '1h', burst: 1 }, more: 0 },
  // With another key, nobody is known.
  { rate: { limit: 2, per: '1h', burst: 4, key: 'header:x-user' }, more: 4 }
]

for (const workers of WORKER_COUNTS) {
  test(`whom a limit has denied is denied when its numbers change, with ${workers} workers`, async (t) => {
    const backend = await startBackend(t, 'a')
    const config = configOf(backend.url, CHANGES[0]!.rate)
    const { gateway, url, write } = await startGateway(t, config, { workers })
    for (const { rate, more } of CHANGES) {
      await write(configOf(backend.url, rate))
      // The watch may have been first.
      assert.notEqual((await gateway.reload('admin')).outcome, 'failed')
      assert.equal(await admitted(t, url, 9), more, JSON.stringify(rate))
    }
  })
}

test('newcomers are served in a flood of new keys, and it frees nobody', async (t) => {
  const backend = await startBackend(t, 'a')
  const rateLimit = { limit: 1, per: '1h', burst: 2, key: 'header:x-key', maxKeys: 100 }
  const { url } = await startGateway(t, configOf(backend.url, rateLimit))
  const agent = keepAliveAgent(t, 32)
  const ask = async (key: string): Promise<number> =>
    (await send(agent, url, { headers: { 'x-key': key } })).status
  for (const status of [200, 200, 429]) assert.equal(await ask('denied'), status)
  let served = 0
  let sent = 0
  const client = async (): Promise<void> => {
    while (sent < 1000) if ((await ask(`new ${sent++}`)) === 200) served++
  }
  await Promise.all(Array.from({ length: 32 }, client))
  assert.equal(await ask('denied'), 429)
  assert.ok(served > 950, `${served} newcomers were served`)
})

test('a limit knows what it knew when the workers that counted are dead', async (t) => {
  const backend = await startBackend(t, 'a')
  const rateLimit = { limit: 1, per: '1h', burst: 10, key: 'header:x-key' }
  const { gateway, url } = await startGateway(t, configOf(backend.url, rateLimit), {
    workers: 2,
    workerEntry: CRASHING_WORKER
  })
  const events = collectEvents(gateway, 'worker')
  assert.equal(await admitted(t, url, 8), 8)
  for (const row of [0, 1]) {
    crashWorker({ row, what: 'throw' })
    await until('it has died', () => events.some(({ worker, state }) => worker === row && state === 'died'))
    await until('all serve', () => gateway.readiness.status === 'ready')
  }
  assert.equal(await admitted(t, url, 9), 2)
  // No lock is left behind.
  const agent = keepAliveAgent(t)
  const others = Array.from({ length: 50 }, (_, key) => send(agent, url, { headers: { 'x-key': `${key}` } }))
  for (const { status } of await Promise.all(others)) assert.equal(status, 200)
})
