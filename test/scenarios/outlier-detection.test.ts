import assert from 'node:assert/strict'
import { request } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, test } from 'node:test'
import type { EjectionEvent } from '../../src/telemetry/events.ts'
import { HEALTH_PATH } from '../helpers/backend.ts'
import { backendOf, collectEvents, type RawConfig, startGateway, WORKER_COUNTS } from '../helpers/gateway.ts'
import { startHoldingBackend } from '../helpers/holding-backend.ts'
import { failures, keepAliveAgent, send, startLoad } from '../helpers/load.ts'
import { collectLog } from '../helpers/log-lines.ts'
import { startMoodyBackend } from '../helpers/moody-backend.ts'
import { until } from '../helpers/until.ts'

/** Each of them behind the route of its name. */
function configOf(upstreams: Readonly<Record<string, RawConfig>>): RawConfig {
  const routes = Object.keys(upstreams).map((name) => ({ path: `/${name}`, upstream: name }))
  return { log: { access: false }, upstreams, routes }
}

function factsOf({ state, reason, dryRun }: EjectionEvent): unknown[] {
  return [state, reason, dryRun]
}

describe('outlier detection', { concurrency: 3 }, () => {
  for (const workers of WORKER_COUNTS) {
    test(`takes a bad backend out, tells why, and lets it back, with ${workers} workers`, async (t) => {
      const [a, bad, c] = await Promise.all([
        startMoodyBackend(t, 'a'),
        startMoodyBackend(t, 'bad', 500),
        startMoodyBackend(t, 'c')
      ])
      const { log, lines } = collectLog('info')
      const { gateway, url, group } = await startGateway(
        t,
        {
          ...configOf({
            plain: {
              backends: [a.url, bad.url, c.url],
              outlierDetection: { ejectFor: '1500ms' },
              // Clients see none of it, yet it counts.
              retry: { on: ['connect', 'reset', 500], budgetPercent: 100 }
            }
          }),
          log: { level: 'info', access: false }
        },
        { workers, log }
      )
      const events = collectEvents(gateway, 'ejection')
      const load = startLoad(keepAliveAgent(t), `${url}/plain`, 150)
      const start = performance.now()
      await until('it is ejected', () => events.length > 0)
      const took = performance.now() - start
      assert.ok(took < 10_000, `after ${took} ms`)
      const [enforced] = events
      assert.deepEqual(factsOf(enforced!), ['enforced', 'consecutive_failures', false])
      assert.equal(enforced!.backend, `127.0.0.1:${bad.port}`)
      const view = backendOf(await group('plain'), bad.url)
      // It may be back already on a machine that stands still.
      if (events.length === 1) {
        assert.deepEqual([view.health, view.reason], ['unhealthy', 'consecutive_failures'])
        await delay(100)
        const before = bad.requests()
        const others = a.requests() + c.requests()
        await until('the others have its traffic', () => a.requests() + c.requests() > others + 30)
        if (events.length === 1) assert.equal(bad.requests(), before)
      }
      bad.answerWith(200)
      await until('it is readmitted', () => events.length >= 2)
      assert.deepEqual(factsOf(events[1]!), ['ended', 'time_passed', false])
      const before = bad.requests()
      await until('it has traffic again', () => bad.requests() > before + 10)
      assert.deepEqual(failures(await load.stop()), [])
      const [ejected] = lines('backend ejected')
      assert.deepEqual(
        [ejected?.level, ejected?.backend, ejected?.reason],
        [40, enforced!.backend, 'consecutive_failures']
      )
      assert.equal(lines('backend readmitted')[0]?.reason, 'time_passed')
    })
  }

  test('readmits early when a probe passes, and after a reload that takes it away', async (t) => {
    const [well, bad] = await Promise.all([startMoodyBackend(t, 'well'), startMoodyBackend(t, 'bad', 503)])
    const backends = [well.url, bad.url]
    const outlierDetection = { ejectFor: '100s' }
    const { gateway, url, write } = await startGateway(
      t,
      configOf({
        probed: {
          backends,
          outlierDetection,
          healthCheck: { path: HEALTH_PATH, interval: '300ms' }
        },
        plain: { backends, outlierDetection }
      })
    )
    const events = collectEvents(gateway, 'ejection')
    const of = (name: string): EjectionEvent[] => events.filter(({ group }) => group === name)
    const loads = ['probed', 'plain'].map((name) => startLoad(keepAliveAgent(t), `${url}/${name}`, 50))
    await until('both are ejected', () => of('probed').length > 0 && of('plain').length > 0)
    bad.answerWith(200)
    await until('the probed one is readmitted', () => of('probed').at(-1)?.state === 'ended')
    assert.equal(of('probed').at(-1)?.reason, 'probe_passed')
    assert.equal(of('plain').length, 1)
    await write(configOf({ plain: { backends } }))
    assert.equal((await gateway.reload('admin')).outcome, 'applied')
    assert.deepEqual(of('plain').map(factsOf).slice(1), [['ended', 'outlier_detection_off', false]])
    await Promise.all(loads.map((load) => load.stop()))
  })

  test('only reports in a dry run, leaves enough of a group, and never takes the only one', async (t) => {
    const bad = await Promise.all(['p', 'q', 'r', 's'].map((name) => startMoodyBackend(t, name, 500)))
    const urls = bad.map((backend) => backend.url)
    const ejectFor = '100s'
    const { gateway, url, group } = await startGateway(
      t,
      configOf({
        dry: { backends: urls.slice(0, 2), outlierDetection: { dryRun: true, ejectFor: '300ms' } },
        half: { backends: urls, outlierDetection: { ejectFor, maxEjectedPercent: 50 } },
        only: { backends: urls.slice(0, 1), outlierDetection: { ejectFor } }
      }),
      { workers: 2 }
    )
    const events = collectEvents(gateway, 'ejection')
    const of = (name: string): EjectionEvent[] => events.filter((event) => event.group === name)
    const names = ['dry', 'half', 'only']
    const loads = names.map((name) => startLoad(keepAliveAgent(t), `${url}/${name}`, 100))
    const dry = (): EjectionEvent[] => of('dry').filter(({ dryRun }) => dryRun)
    await until('the dry run has told twice', () => dry().length >= 2)
    assert.deepEqual(factsOf(dry()[0]!), ['detected', 'consecutive_failures', true])
    await until('what is held back is told', () => of('half').length >= 4 && of('only').length > 0)
    const states = of('half').map(({ state }) => state)
    assert.deepEqual(states.slice(0, 4).toSorted(), ['detected', 'detected', 'enforced', 'enforced'])
    const [held] = of('half').filter(({ state }) => state === 'detected')
    assert.equal(held?.state === 'detected' && held.withheld, 'max_ejected_percent')
    const [only] = of('only')
    assert.equal(only?.state === 'detected' && only.withheld, 'last_usable')
    const healths = await Promise.all(names.map(async (name) => (await group(name)).backends))
    assert.deepEqual(
      healths.map((backends) => backends.filter(({ health }) => health === 'unhealthy').length),
      [0, 2, 0]
    )
    for (const [index, load] of loads.entries()) {
      const statuses = new Set((await load.stop()).map(({ status }) => status))
      assert.deepEqual([...statuses], [500], `all of ${names[index]} came from backends`)
    }
  })

  test('holds neither clients that leave nor answers of the gateway against a backend', async (t) => {
    const backend = await startHoldingBackend(t, 'a')
    const other = await startMoodyBackend(t, 'b')
    const { gateway, url, group } = await startGateway(
      t,
      configOf({
        left: {
          backends: [{ url: backend.url, maxInFlight: 1 }],
          outlierDetection: { consecutiveFailures: 1, maxEjectedPercent: 100 }
        },
        other: { backends: [other.url] }
      })
    )
    const events = collectEvents(gateway, 'ejection')
    for (let turn = 0; turn < 3; turn++) {
      const outgoing = request(`${url}/left`).on('error', () => {})
      outgoing.end()
      await until('it is there', () => backend.held() === 1)
      const refused = await send(keepAliveAgent(t), `${url}/left`)
      assert.equal(refused.status, 503)
      outgoing.destroy()
      await until('it is gone', async () => (await group('left')).backends[0]?.inFlight === 0)
      await until('the backend knows', () => backend.held() === 0)
    }
    const [view] = (await group('left')).backends
    assert.deepEqual([view?.attempts, view?.failures, view?.health], [3, 0, 'healthy'])
    assert.deepEqual(events, [])
  })
})
