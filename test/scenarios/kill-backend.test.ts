import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { test } from 'node:test'
import { HEALTH_PATH, startBackends } from '../helpers/backend.ts'
import { backendOf, collectEvents, startGateway, untilIdle, WORKER_COUNTS } from '../helpers/gateway.ts'
import { failures, keepAliveAgent, startLoad } from '../helpers/load.ts'
import { until } from '../helpers/until.ts'

const healthCheck = {
  path: HEALTH_PATH,
  interval: '200ms',
  timeout: '2s',
  unhealthyAfter: 3,
  healthyAfter: 2
}

for (const workers of WORKER_COUNTS) {
  test(`a backend killed under load is noticed, avoided and taken back, with ${workers} workers`, async (t) => {
    const backends = await startBackends(t, 3)
    const victim = backends[1]!
    const { gateway, url, group } = await startGateway(
      t,
      {
        upstreams: { catalog: { backends: backends.map((backend) => backend.url), healthCheck } },
        routes: [{ path: '/', upstream: 'catalog' }]
      },
      { workers }
    )
    const flips = collectEvents(gateway, 'health')
    const agent = keepAliveAgent(t)
    const health = async (): Promise<string> => backendOf(await group('catalog'), victim.url).health
    const attempts = async (): Promise<number> => backendOf(await group('catalog'), victim.url).attempts

    await t.test('no GET fails, whenever it dies', async () => {
      const reads = startLoad(agent, `${url}/read`, 100)
      await until('it has traffic', () => victim.requests() > 5)
      await victim.kill()
      await until('it is ill', async () => (await health()) === 'unhealthy')
      assert.deepEqual(failures(await reads.stop()), [])
    })

    await t.test('while it is ill, it gets no request', async () => {
      const before = await attempts()
      const writes = startLoad(agent, `${url}/write`, 200, { method: 'POST', body: 'x'.repeat(100) })
      await until('the others have traffic', () => writes.outcomes.length >= 60)
      assert.equal(await attempts(), before)
      assert.deepEqual(failures(await writes.stop()), [])
    })

    await t.test('once it is well, it gets traffic again', async () => {
      const reads = startLoad(agent, `${url}/read`, 100)
      const before = victim.requests()
      await victim.revive()
      await until('it is well', async () => (await health()) === 'healthy')
      await until('it has traffic', () => victim.requests() > before + 5)
      assert.deepEqual(failures(await reads.stop()), [])
    })

    await t.test('no POST with a body fails of a refused connection before it is marked', async () => {
      await untilIdle(gateway)
      await victim.kill()
      // The gateway has seen the ends of its idle connections; those aside, nothing was in flight.
      await delay(50)
      const before = await attempts()
      const writes = startLoad(agent, `${url}/write`, 100, { method: 'POST', body: 'x'.repeat(100) })
      await until('it is ill', async () => (await health()) === 'unhealthy')
      assert.ok((await attempts()) > before, 'it was tried')
      assert.deepEqual(failures(await writes.stop()), [])
    })

    assert.deepEqual(
      flips.map(({ group: name, url: origin, to, reason }) => [name, origin, to, reason]),
      [
        ['catalog', victim.url, 'unhealthy', 'connect_refused'],
        ['catalog', victim.url, 'healthy', 'probe_passed'],
        ['catalog', victim.url, 'unhealthy', 'connect_refused']
      ]
    )
    await untilIdle(gateway)
  })
}
