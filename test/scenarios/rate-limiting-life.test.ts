import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { CRASHING_WORKER, crashWorker } from '../helpers/crash-worker.ts'
import { collectEvents, type RawConfig, WORKER_COUNTS } from '../helpers/gateway.ts'
import { keepAliveAgent, send, startLoad } from '../helpers/load.ts'
import { until } from '../helpers/until.ts'
import { labConfig, once, startRateLimitLab } from './rate-limiting-lab.ts'

/** Limits of the gateway and of the route that most clients never come to. */
const LIMITS: RawConfig = {
  rateLimit: once(40),
  route: { rateLimit: once(10, { key: ['ip', 'header:x-user'] }) }
}

suite('what rate limits know of their clients', { concurrency: 3 }, () => {
  for (const workers of WORKER_COUNTS) {
    test(`stays over reloads that change something else, with ${workers} workers`, async (t) => {
      const { admitted, backend, gateway, url, write } = await startRateLimitLab(t, LIMITS, { workers })
      const reload = async (changes: RawConfig): Promise<void> => {
        await write({ ...labConfig(backend.url, LIMITS, workers), ...changes })
        assert.equal((await gateway.reload('admin')).outcome, 'applied')
      }
      const more = (name: string): RawConfig => ({
        upstreams: { [name]: { backends: [backend.url] }, lab: { backends: [backend.url] } }
      })
      assert.equal(await admitted(20), 10)
      await reload(more('another'))
      assert.equal(await admitted(20), 0)

      // Amid reloads, too, exactly a burst comes through.
      const headers = { 'x-forwarded-for': '192.0.2.7' }
      const load = startLoad(keepAliveAgent(t), url, 200, { headers })
      for (let turn = 0; turn < 3; turn++) await reload(more(`another-${turn}`))
      await until('enough was sent', () => load.outcomes.length > 30)
      const outcomes = await load.stop()
      assert.deepEqual(new Set(outcomes.map(({ status }) => status)), new Set([200, 429]))
      assert.equal(outcomes.filter(({ status }) => status === 200).length, 10)
      assert.equal(await admitted(10, '/', { from: '192.0.2.8' }), 10, 'nobody else pays for it')
    })
  }

  test('stays in a flood of new keys, which are let through as long as there is room for them', async (t) => {
    const rateLimit = once(3, { key: 'header:x-user', maxKeys: 100 })
    const { url } = await startRateLimitLab(t, { rateLimit, route: { path: '/api' } }, { workers: 2 })
    const agent = keepAliveAgent(t)
    const ask = async (user: string, path = '/api'): Promise<number> =>
      (await send(agent, url + path, { headers: { 'x-user': user } })).status
    const victims = ['ann', 'bob', 'eve']
    for (const victim of victims) {
      const statuses = [await ask(victim), await ask(victim), await ask(victim), await ask(victim)]
      assert.deepEqual(statuses, [200, 200, 200, 429])
    }
    for (let sent = 0; sent < 2000; sent += 100) {
      // Nothing is served there, but it counts.
      const flood = Array.from({ length: 100 }, (_, key) => ask(`flood ${sent + key}`, '/nothing'))
      assert.deepEqual(new Set(await Promise.all(flood)), new Set([404]))
    }
    for (const victim of victims) assert.equal(await ask(victim), 429)
  })

  test('stays when the threads that counted die', async (t) => {
    const { admitted, gateway } = await startRateLimitLab(t, LIMITS, {
      workers: 2,
      workerEntry: CRASHING_WORKER,
      workerHeap: 96
    })
    const events = collectEvents(gateway, 'worker')
    assert.equal(await admitted(20), 10)
    for (const row of [0, 1]) {
      const before = events.length
      crashWorker({ row, what: 'throw' })
      const states = (): string[] => events.slice(before).map(({ state }) => state)
      await until('it has died and is back', () => states().includes('died') && states().includes('serving'))
    }
    assert.equal(await admitted(20), 0)
    assert.equal(await admitted(20, '/', { from: '192.0.2.2' }), 10, 'no lock is left behind')
  })
})
