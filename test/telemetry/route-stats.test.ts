import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  COUNTED_METHODS,
  COUNTED_STATUSES,
  NO_ROUTE,
  ROUTE_LAYOUT,
  RouteStats
} from '../../src/telemetry/route-stats.ts'
import { LiveTable } from '../../src/upstreams/live-table.ts'

const SLOTS = new Map([
  [NO_ROUTE, 0],
  ['products', 1],
  ['orders', 2]
])

function threads(): [RouteStats, RouteStats] {
  const table = new LiveTable(ROUTE_LAYOUT, 2)
  table.grow(3)
  return [new RouteStats(table, SLOTS, 0), new RouteStats(table, SLOTS, 1)]
}

test('a route has its slot, anything else that of requests without a route', () => {
  const [stats] = threads()
  assert.equal(stats.slotOf('orders'), 2)
  assert.equal(stats.slotOf(undefined), 0)
  assert.equal(stats.slotOf('gone'), 0)
})

test('requests are in flight from begin to end, over all threads', () => {
  const [first, second] = threads()
  first.begin(1)
  second.begin(1)
  assert.equal(first.table.gauge(1), 2)
  second.end(1, 'GET', 200, 0.1)
  first.end(1, 'GET', 200, 0.1)
  assert.equal(first.table.gauge(1), 0)
})

test('every counted method and status has a place of its own', () => {
  const [stats] = threads()
  let times = 1
  for (const method of COUNTED_METHODS) {
    for (const status of COUNTED_STATUSES) {
      for (let count = 0; count < times % 7; count++) stats.end(1, method, status, 0)
      times++
    }
  }
  times = 1
  for (const method of COUNTED_METHODS) {
    for (const status of COUNTED_STATUSES) assert.equal(stats.requests(1, method, status), times++ % 7)
  }
  assert.equal(stats.requests(2, 'GET', 200), 0)
})

test('methods and statuses that nobody lists share one place each', () => {
  const [stats] = threads()
  stats.end(1, 'PROPFIND', 200, 0)
  stats.end(1, 'constructor', 200, 0)
  assert.equal(stats.requests(1, '__other__', 200), 2)
  assert.equal(stats.requests(1, 'MKCOL', 200), 2)
  stats.end(1, 'GET', 299, 0)
  stats.end(1, 'GET', 599, 0)
  stats.end(1, 'GET', 1000, 0)
  assert.equal(stats.requests(1, 'GET', 0), 3)
  assert.equal(stats.requests(1, 'GET', 200), 0)
})

test('requests of both threads are added up', () => {
  const [first, second] = threads()
  first.end(2, 'POST', 201, 0.25)
  second.end(2, 'POST', 201, 0.5)
  assert.equal(first.requests(2, 'POST', 201), 2)
  assert.equal(second.durations(2, 2).sum, 0.75)
})

test('durations are kept by class of status', () => {
  const [stats] = threads()
  for (const [status, seconds] of [
    [101, 1],
    [204, 2],
    [304, 4],
    [499, 8],
    [503, 16],
    [599, 32]
  ] as const) {
    stats.end(1, 'GET', status, seconds)
  }
  assert.deepEqual(
    ([1, 2, 3, 4, 5] as const).map((statusClass) => stats.durations(1, statusClass).sum),
    [1, 2, 4, 8, 48]
  )
})

test('a status outside of 100 to 599 is counted with the nearest class', () => {
  const [stats] = threads()
  stats.end(1, 'GET', 0, 1)
  stats.end(1, 'GET', 999, 2)
  assert.equal(stats.durations(1, 1).sum, 1)
  assert.equal(stats.durations(1, 5).sum, 2)
})
