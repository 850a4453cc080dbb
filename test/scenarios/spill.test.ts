import assert from 'node:assert/strict'
import { test } from 'node:test'
import { backendOf, collectEvents, startGateway } from '../helpers/gateway.ts'
import { failures, keepAliveAgent, type Outcome, sendMany } from '../helpers/load.ts'
import { PROBE_PATH, startSickBackend } from '../helpers/sick-backend.ts'
import { until } from '../helpers/until.ts'

function served(outcomes: readonly Outcome[], name: string): number {
  return outcomes.filter(({ servedBy }) => servedBy === name).length
}

for (const workers of [0, 2]) {
  test(`what a tier can’t bear spills over to the next, and back, with ${workers} workers`, async (t) => {
    const [one, two, spare] = [
      await startSickBackend(t, 'one'),
      await startSickBackend(t, 'two'),
      await startSickBackend(t, 'spare')
    ]
    const { gateway, url, group } = await startGateway(
      t,
      {
        upstreams: {
          shop: {
            backends: [one.url, two.url, { url: spare.url, tier: 1 }],
            healthCheck: {
              type: 'http',
              path: PROBE_PATH,
              interval: '100ms',
              healthyAfter: 1,
              unhealthyAfter: 1
            }
          }
        },
        routes: [{ path: '/', upstream: 'shop' }]
      },
      { workers }
    )
    const changes = collectEvents(gateway, 'traffic')
    const agent = keepAliveAgent(t)
    const untilHealth = (target: { url: string }, health: string): Promise<void> =>
      until(
        `${target.url} is ${health}`,
        async () => backendOf(await group('shop'), target.url).health === health
      )

    let outcomes = await sendMany(agent, url, 60, 8)
    assert.deepEqual([failures(outcomes), served(outcomes, 'spare')], [[], 0])

    // Half of the tier is well: it bears 1.4 times that.
    one.setSick(true)
    await untilHealth(one, 'unhealthy')
    outcomes = await sendMany(agent, url, 300, 8)
    assert.deepEqual([failures(outcomes), served(outcomes, 'one')], [[], 0])
    const spilled = served(outcomes, 'spare')
    assert.ok(spilled > 45 && spilled < 135, `${spilled} of 300 spilled over, not about 90`)

    two.setSick(true)
    await untilHealth(two, 'unhealthy')
    outcomes = await sendMany(agent, url, 60, 8)
    assert.deepEqual([failures(outcomes), served(outcomes, 'spare')], [[], 60])

    one.setSick(false)
    two.setSick(false)
    await untilHealth(one, 'healthy')
    await untilHealth(two, 'healthy')
    outcomes = await sendMany(agent, url, 60, 8)
    assert.deepEqual([failures(outcomes), served(outcomes, 'spare')], [[], 0])
    assert.deepEqual(
      changes.map(({ group: name, from, to }) => [name, from, to]),
      [
        ['shop', 'first_tier', 'spilled'],
        ['shop', 'spilled', 'first_tier']
      ]
    )
  })
}
