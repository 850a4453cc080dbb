import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { test } from 'node:test'
import { HEALTH_PATH, startBackends, type TestBackend } from '../helpers/backend.ts'
import {
  backendOf,
  collectEvents,
  type RawConfig,
  startGateway,
  untilIdle,
  WORKER_COUNTS
} from '../helpers/gateway.ts'
import { countConnections, failures, keepAliveAgent, startLoad } from '../helpers/load.ts'
import { closedPort } from '../helpers/misbehaving-backend.ts'
import { until } from '../helpers/until.ts'

/** So many reloads with so many workers. */
const RELOADS = { 0: 30, 1: 15, 2: 100 } as const

/** One group with these backends; probes come once, and hardly again during a test. */
function configOf(backends: readonly string[], routeName: string): RawConfig {
  return {
    upstreams: {
      catalog: {
        backends,
        healthCheck: { path: HEALTH_PATH, interval: '30s', timeout: '20s', unhealthyAfter: 1 }
      }
    },
    routes: [{ name: routeName, path: '/', upstream: 'catalog' }]
  }
}

for (const workers of WORKER_COUNTS) {
  const reloadCount = RELOADS[workers]
  test(`reloads under load cost nothing, with ${workers} workers`, async (t) => {
    const backends = await startBackends(t, 4)
    const [a, b, c, d] = backends.map(({ url }) => url) as [string, string, string, string]
    const ill = await closedPort()
    // Each has a backend that the other has not, and those they share stand in another order.
    const configs = [configOf([a, b, c, ill], 'first'), configOf([ill, c, d, a], 'second')] as const
    const { gateway, url, write, group } = await startGateway(t, configs[0], { workers })
    const flips = collectEvents(gateway, 'health')
    const reloads = collectEvents(gateway, 'reload')
    await until('the ill one is known to be ill', () => flips.length === 1)
    const before = backendOf(await group('catalog'), ill)

    const agent = keepAliveAgent(t, 32)
    const connections = countConnections(agent)
    const fast = startLoad(agent, url, 150)
    const slow = startLoad(agent, `${url}/?delay=150`, 50)
    const served = (backend: TestBackend): number => backend.requests()

    await t.test(`${reloadCount} reloads: no request fails and no connection is closed`, async () => {
      const states = new Set<string>()
      const watch = setInterval(() => states.add(gateway.readiness.status), 1)
      for (let turn = 1; turn <= reloadCount; turn++) {
        await write(configs[turn % 2]!)
        const { outcome, errors } = await gateway.reload('admin')
        // The watch may have been first.
        assert.notEqual(outcome, 'failed', errors.join('\n'))
        assert.equal(gateway.readiness.generation, turn + 1)
      }
      clearInterval(watch)
      assert.deepEqual([...states], ['ready'], 'a reload is no reason to be taken out')
      assert.equal(reloads.filter(({ outcome }) => outcome === 'applied').length, reloadCount)
      assert.deepEqual(failures([...fast.outcomes, ...slow.outcomes]), [])
      assert.ok(connections() <= 32, `${connections()} connections were opened`)
    })

    await t.test('backends that stay keep their numbers and their health', async () => {
      const after = backendOf(await group('catalog'), ill)
      assert.deepEqual(
        { ...after, inFlight: 0 },
        { ...before, inFlight: 0 },
        'still ill since the same time, and never tried'
      )
      assert.equal(flips.length, 1, 'no flap')
      // Its requests are counted on over all reloads, of the present one only those that are not over yet.
      const soFar = served(backends[0]!)
      const { attempts } = backendOf(await group('catalog'), a)
      assert.ok(attempts >= soFar - 1, `${attempts} of ${soFar}`)
    })

    await t.test('a backend that is gone gets no more requests, a new one does', async () => {
      await write(configs[1])
      await gateway.reload('admin')
      await delay(50)
      const [gone, fresh] = [served(backends[1]!), served(backends[3]!)]
      await until('the new one has traffic', () => served(backends[3]!) > fresh + 5)
      assert.equal(served(backends[1]!), gone)
    })

    await t.test('a broken file changes nothing and is one event with all errors', async () => {
      const { generation } = gateway.readiness
      const sofar = reloads.length
      await write({
        upstreams: { catalog: { backends: ['ftp://a'], balancing: 'round-robbin' } },
        routes: [{ path: '/', upstream: 'catalogue' }]
      })
      await until('it was noticed', () => reloads.length > sofar)
      await delay(400)
      assert.equal(reloads.length, sofar + 1)
      const { trigger, outcome, generation: serving, errors } = reloads.at(-1)!
      assert.deepEqual([trigger, outcome, serving], ['file', 'failed', generation])
      assert.equal(errors.length, 3, errors.join('\n'))
      for (const error of errors) assert.match(error, /gateway\.yaml:\d+: /)
      assert.equal(gateway.readiness.generation, generation)
    })

    const outcomes = [...(await fast.stop()), ...(await slow.stop())]
    assert.deepEqual(failures(outcomes), [])
    await untilIdle(gateway)
  })
}
