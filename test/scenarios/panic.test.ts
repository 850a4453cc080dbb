import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exchange } from '../helpers/exchange.ts'
import { collectEvents, startGateway } from '../helpers/gateway.ts'
import { failures, keepAliveAgent, sendMany } from '../helpers/load.ts'
import { PROBE_PATH, startSickBackend } from '../helpers/sick-backend.ts'
import { until } from '../helpers/until.ts'

for (const workers of [0, 2]) {
  test(`when too few are well all are used, with ${workers} workers`, async (t) => {
    const backends = await Promise.all(['a', 'b', 'c'].map((name) => startSickBackend(t, name)))
    const healthCheck = {
      type: 'http',
      path: PROBE_PATH,
      interval: '100ms',
      healthyAfter: 30,
      unhealthyAfter: 1
    }
    const urls = backends.map((backend) => backend.url)
    const { gateway, url, group } = await startGateway(
      t,
      {
        upstreams: {
          calm: { backends: urls, healthCheck },
          panicky: { backends: urls, healthCheck, panicThreshold: 50 }
        },
        routes: ['calm', 'panicky'].map((name) => ({ path: `/${name}`, upstream: name }))
      },
      { workers }
    )
    const changes = collectEvents(gateway, 'traffic')
    const agent = keepAliveAgent(t)
    const servedBy = async (path: string): Promise<string> => {
      const outcomes = await sendMany(agent, `${url}${path}`, 60, 4)
      assert.deepEqual(failures(outcomes), [])
      return [...new Set(outcomes.map((outcome) => String(outcome.servedBy)))].toSorted().join()
    }
    const untilIll = (count: number): Promise<void> =>
      until(`${count} are ill`, async () => {
        const groups = await Promise.all(['calm', 'panicky'].map((name) => group(name)))
        return groups.every(
          (each) => each.backends.filter(({ health }) => health === 'unhealthy').length === count
        )
      })

    backends[0]!.setSick(true)
    await untilIll(1)
    assert.equal(await servedBy('/panicky'), 'b,c')

    backends[1]!.setSick(true)
    await untilIll(2)
    assert.deepEqual([await servedBy('/panicky'), await servedBy('/calm')], ['a,b,c', 'c'])

    backends[2]!.setSick(true)
    await untilIll(3)
    assert.equal(await servedBy('/panicky'), 'a,b,c')
    const { status, headers } = await exchange(`${url}/calm`)
    assert.deepEqual([status, headers['retry-after']], [503, '3'], 'thirty good probes take 3 s')
    assert.deepEqual(changes.map(({ group: name, from, to }) => `${name}: ${from} → ${to}`).toSorted(), [
      'calm: first_tier → nobody',
      'panicky: first_tier → panic'
    ])
  })
}
