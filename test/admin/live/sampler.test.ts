import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { LiveSampler } from '../../../src/admin/live/sampler.ts'
import type { GatewayFacts, LastReload, LiveMessage } from '../../../src/admin/live/wire.ts'
import { applyMessage, NOTHING, type LiveState } from '../../../src/dashboard/model/live-state.ts'
import { LiveState as SharedState } from '../../../src/live-state.ts'
import { EventLog } from '../../../src/telemetry/events.ts'
import type { Backend } from '../../../src/upstreams/backend.ts'
import { UpstreamRegistry } from '../../../src/upstreams/registry.ts'
import { RouteStats } from '../../../src/telemetry/route-stats.ts'
import { apply, check, group } from '../../upstreams/groups.ts'

/** A sampler of two groups and a route, on a clock that the test moves. */
function shop() {
  const clock = { now: 1_000_000 }
  const registry = new UpstreamRegistry({ now: () => clock.now })
  const groups = [group('shop', ['a', 'b'], { healthCheck: check() }), group('stock', ['c'])]
  apply(registry, groups, 1)
  const shared = new SharedState(1)
  shared.routes.reserve(['products', '__none__'])
  const events = new EventLog(() => clock.now)
  events.follow(registry)
  const gateway: GatewayFacts = {
    status: 'ready',
    reason: null,
    generation: 1,
    workers: { configured: 1, serving: 1 },
    store: null,
    startedAt: 0
  }
  const now: { gateway: GatewayFacts; reload: LastReload | undefined } = { gateway, reload: undefined }
  const sampler = new LiveSampler({
    registry,
    entries: () => new Map(),
    routes: () => ({ names: ['products', '__none__'], stats: shared.requests }),
    gateway: () => now.gateway,
    events,
    reload: () => now.reload,
    now: () => clock.now,
    sharedNow: () => clock.now
  })
  const step = (ms = 1000): LiveMessage => {
    clock.now += ms
    return JSON.parse(sampler.sample()) as LiveMessage
  }
  const full = (): LiveMessage => JSON.parse(sampler.full()) as LiveMessage
  const serve = (backend: Backend, times: number, seconds: number, failed = 0): void => {
    for (let time = 0; time < times; time++) {
      backend.acquire()
      backend.begin()
      backend.answered(seconds)
      backend.end(time < failed ? 'failed' : 'succeeded')
    }
  }
  const backend = (name: string, id: string): Backend => registry.find(name, id)!
  return { registry, groups, shared, events, now, step, full, serve, backend }
}

function numbersOf(state: LiveState, name: string, id: string) {
  return state.groups.get(name)!.backends.find(({ facts }) => facts.id === id)!.numbers
}

suite('the live sampler', () => {
  test('says everything first, and then what has changed', () => {
    const { step, full, backend, serve } = shop()
    step()
    const all = full()
    assert.equal(all.reset, true)
    assert.deepEqual(
      all.groups.map(({ name, backends, rows }) => [name, backends?.length, rows?.length]),
      [
        ['shop', 2, 2],
        ['stock', 1, 1]
      ]
    )
    step()
    const quiet = step()
    assert.deepEqual([quiet.groups, quiet.routes, quiet.events], [[], [], []])
    assert.ok(JSON.stringify(quiet).length < 200, JSON.stringify(quiet))
    serve(backend('shop', 'b:80'), 3, 0.02)
    const busy = step()
    assert.deepEqual(
      busy.groups.map(({ name, backends, rows }) => [name, backends, rows?.map(([place]) => place)]),
      [['shop', undefined, [1]]]
    )
  })

  test('is followed by what the dashboard makes of it, to the same state as from the start', () => {
    const { step, full, backend, serve, registry, groups } = shop()
    step()
    let state = applyMessage(NOTHING, full())
    for (let turn = 0; turn < 5; turn++) {
      serve(backend('shop', 'a:80'), turn * 10, 0.02, turn)
      if (turn === 2) registry.observe({ group: 'shop', id: 'b:80', healthy: false, reason: 'timeout' })
      if (turn === 3) registry.setState('shop', 'a:80', 'draining')
      if (turn === 4) apply(registry, [groups[0]!, group('other', ['d'])], 2)
      state = applyMessage(state, step())
    }
    const fresh = applyMessage(NOTHING, full())
    assert.deepEqual([...state.groups.keys()], ['shop', 'other'])
    assert.deepEqual(state.groups.get('shop'), fresh.groups.get('shop'))
    assert.deepEqual(
      { ...state, groups: null, events: state.events.length },
      { ...fresh, groups: null, events: fresh.events.length }
    )
    const a = numbersOf(state, 'shop', 'a:80')
    assert.deepEqual([a.state, a.attempts, a.failed], ['draining', 100, 10])
    assert.deepEqual(numbersOf(state, 'shop', 'b:80').reason, 'timeout')
  })

  test('has rates and times of the last ten seconds, and lines of each', () => {
    const { step, full, backend, serve } = shop()
    const a = backend('shop', 'a:80')
    serve(a, 1000, 4)
    step()
    assert.equal(
      numbersOf(applyMessage(NOTHING, full()), 'shop', 'a:80').requests,
      null,
      'nothing to compare with'
    )
    serve(a, 50, 0.02, 5)
    step()
    const { requests, failures, p50, p99 } = numbersOf(applyMessage(NOTHING, full()), 'shop', 'a:80')
    assert.deepEqual([requests, failures], [50, 5])
    assert.ok(p50! > 0.01 && p50! < 0.025 && p99! < 0.03, 'what was before does not count')
    for (let second = 0; second < 12; second++) step()
    const later = applyMessage(NOTHING, full())
    const numbers = numbersOf(later, 'shop', 'a:80')
    assert.deepEqual([numbers.requests, numbers.failures, numbers.p50], [0, 0, null])
    const { lines } = later.groups.get('shop')!
    assert.deepEqual(lines.requests.slice(0, 3), [null, 50, 0])
    assert.deepEqual([lines.requests.length, later.moments.length], [14, 14])
  })

  test('makes no point of a line of a look that comes early', () => {
    const { step, full, registry } = shop()
    step()
    let state = applyMessage(NOTHING, full())
    registry.setState('shop', 'a:80', 'disabled')
    const early = step(200)
    assert.deepEqual(
      early.events.map(({ type }) => type),
      ['state']
    )
    state = applyMessage(state, early)
    assert.equal(numbersOf(state, 'shop', 'a:80').state, 'disabled')
    assert.deepEqual([state.moments.length, full().history?.at.length], [1, 1])
    state = applyMessage(state, step(800))
    assert.deepEqual([state.moments.length, state.lines.requests.length], [2, 2])
  })

  test('tells routes what they do, requests that none takes among them', () => {
    const { step, full, shared } = shop()
    step()
    const stats = new RouteStats(shared.routes.table, new Map(shared.routes.entries()), 0)
    for (const [route, status] of [
      ['products', 200],
      ['products', 404],
      ['products', 503],
      [undefined, 404]
    ] as const) {
      const slot = stats.slotOf(route)
      stats.begin(slot)
      stats.end(slot, 'GET', status, 0.02)
    }
    step()
    const state = applyMessage(NOTHING, full())
    const { requests, clientErrors, serverErrors } = state.routes.get('products')!
    assert.deepEqual([requests, clientErrors, serverErrors], [3, 1, 1])
    assert.equal(state.routes.get('__none__')?.clientErrors, 1)
    assert.deepEqual([state.total.requests, state.total.failures], [4, 1])
  })

  test('tells of the gateway, the last reload and events once, and to who comes later again', () => {
    const { step, full, now, events } = shop()
    step()
    const reload = { outcome: 'failed', trigger: 'file', generation: 1, errors: ['a:1: b'] } as const
    events.record({ type: 'reload', ...reload })
    now.reload = { time: 'then', ...reload }
    now.gateway = { ...now.gateway, status: 'degraded', reason: 'workers_missing' }
    const told = step()
    assert.deepEqual([told.reload?.errors, told.gateway?.reason], [['a:1: b'], 'workers_missing'])
    assert.deepEqual(
      told.events.map(({ type }) => type),
      ['reload']
    )
    const next = step()
    assert.deepEqual([next.reload, next.gateway, next.events], [undefined, undefined, []])
    const late = full()
    assert.deepEqual(
      [late.reload?.outcome, late.gateway?.status, late.events.length],
      ['failed', 'degraded', 1]
    )
  })
})
