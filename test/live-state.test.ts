import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LiveState } from '../src/live-state.ts'
import { NO_ROUTE, ROUTE_LAYOUT, RouteStats } from '../src/telemetry/route-stats.ts'
import { LiveTable } from '../src/upstreams/live-table.ts'
import { seeded } from './balancing/seeded.ts'
import { attemptsOf, configOf, GenerationsModel } from './live-state-model.ts'
import { group } from './upstreams/groups.ts'

test('over 300 random generations no slot is used again while anybody may still use it', () => {
  const model = new GenerationsModel(seeded(6))
  for (let generation = 0; generation < 300; generation++) model.step()
  assert.ok(model.held > 0)
  model.settle()
  assert.equal(model.live.registry.slots.retired, 0)
  assert.equal(model.live.routes.retired, 0)
  assert.equal(model.live.registry.groupSlots.retired, 0)
  // Room for the largest configurations that overlapped, nothing like 300 generations of some 200 keys each.
  assert.ok(
    model.pages.every((count) => count <= 8),
    model.pages.join()
  )
})

test('a thread gets the pages, and the place of every backend, group and route', () => {
  const live = new LiveState(2)
  const spec = live.prepare(configOf([group('a', ['x', 'y'])], ['r1', 'r2']), 1)
  assert.equal(spec.version, 1)
  assert.deepEqual(
    spec.backends.slots.map(([key]) => key),
    ['a http://x', 'a http://y']
  )
  assert.deepEqual(
    spec.routes.slots.map(([key]) => key),
    [NO_ROUTE, 'r1', 'r2']
  )
  assert.deepEqual(spec.groups.slots, [['a', 0]])
  for (const { rows, buffers } of [spec.backends, spec.groups, spec.routes]) {
    assert.deepEqual([rows, buffers.length], [2, 1])
  }
  assert.deepEqual(structuredClone(spec.config), spec.config)
})

test('a configuration that fails leaves no trace', () => {
  const live = new LiveState(1)
  const serving = configOf([group('a', ['x'])])
  live.prepare(serving, 1)
  live.commit(serving, 1)
  const entries = (): unknown =>
    [live.registry.slots, live.registry.groupSlots, live.routes].map((slots) => slots.entries())
  const before = entries()
  live.prepare(configOf([group('b', ['x', 'y'])], ['r1', 'r2']), 2)
  live.abort(serving)
  assert.deepEqual(entries(), before)
  assert.deepEqual([...live.registry.groups.keys()], ['a'])
})

test('what a dead thread had in flight is gone, what others have stays', () => {
  const live = new LiveState(2)
  const config = configOf([group('a', ['x'])])
  const spec = live.prepare(config, 1)
  live.commit(config, 1)
  const backend = live.registry.find('a', 'x:80')!
  const routes = new Map(spec.routes.slots)
  const stats = [0, 1].map((row) => {
    const table = new LiveTable(ROUTE_LAYOUT, 2, spec.routes.buffers)
    return new RouteStats(table, routes, row)
  })
  const slot = stats[0]!.slotOf('a')
  for (const each of stats) each.begin(slot)
  backend.acquire()
  backend.begin()
  const shared = live.registry.groups.get('a')!.live
  shared.addWaiting(1)
  shared.beginTrial(1)
  live.clearRow(1)
  assert.equal(shared.waiting, 1)
  assert.equal(shared.beginTrial(1), false)
  assert.equal(backend.inFlight, 1)
  assert.equal(live.routes.table.gauge(slot), 1)
  live.clearRow(0)
  assert.equal(backend.inFlight, 0)
  assert.equal(live.routes.table.gauge(slot), 0)
  assert.equal(shared.waiting, 0)
  assert.equal(shared.beginTrial(1), true, 'its trial is over')
  assert.equal(attemptsOf(live, backend), 1)
})
