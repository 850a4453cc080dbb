import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BackendDescriptor } from '../../src/upstreams/backend-descriptor.ts'
import {
  Backend,
  BACKEND_COUNTER,
  BACKEND_LAYOUT,
  backendId,
  backendKey,
  type Outcome,
  STATUS
} from '../../src/upstreams/backend.ts'
import { GROUP_LAYOUT, GroupLive } from '../../src/upstreams/group-live.ts'
import { LiveTable } from '../../src/upstreams/live-table.ts'

const FACTS = { id: 'a:80', url: 'http://a', weight: 3, tier: 0, maxInFlight: 0, place: 0, slot: 5 }

/** The same backend as two threads see it. */
function views(more: Partial<BackendDescriptor> = {}, suspectAfter = Infinity): Views {
  const table = new LiveTable(BACKEND_LAYOUT, 2)
  table.grow(6)
  const groups = new LiveTable(GROUP_LAYOUT, 2)
  groups.grow(1)
  const suspects: number[] = []
  const of = (row: number, facts: BackendDescriptor): Backend =>
    new Backend(facts, {
      group: 'catalog',
      table,
      live: new GroupLive(groups, 0, row),
      row,
      suspectAfter,
      onSuspect: () => suspects.push(row)
    })
  const facts = { ...FACTS, ...more }
  const neighbour = of(0, { ...facts, id: 'b:80', url: 'http://b', place: 1, slot: 4 })
  return { table, first: of(0, facts), second: of(1, facts), neighbour, suspects }
}

interface Views {
  readonly table: LiveTable
  readonly first: Backend
  readonly second: Backend
  /** Another backend, in the slot beside it. */
  readonly neighbour: Backend
  /** Rows of the threads that found it suspect, in turn. */
  readonly suspects: number[]
}

/** One attempt from its pick to its end. */
function attempt(backend: Backend, outcome: Outcome): void {
  assert.equal(backend.acquire(), true)
  backend.begin()
  backend.end(outcome)
}

test('an id is host and port, and tells https apart', () => {
  assert.equal(backendId('http://10.0.0.1:3001'), '10.0.0.1:3001')
  assert.equal(backendId('http://catalog.internal'), 'catalog.internal:80')
  assert.equal(backendId('https://catalog.internal'), 'catalog.internal:443+tls')
  assert.equal(backendId('https://catalog.internal:8443'), 'catalog.internal:8443+tls')
  assert.equal(backendId('http://catalog.internal:443'), 'catalog.internal:443')
  assert.equal(backendId('http://[::1]:3001'), '[::1]:3001')
})

test('one address in two groups has two keys', () => {
  assert.notEqual(backendKey('catalog', 'http://a'), backendKey('orders', 'http://a'))
})

test('attempts in flight are seen by all threads, whoever began them', () => {
  const { first, second } = views()
  first.acquire()
  second.acquire()
  second.acquire()
  assert.deepEqual([first.inFlight, second.inFlight], [3, 3])
  second.end('failed')
  first.end('undecided')
  second.end('succeeded')
  assert.deepEqual([first.inFlight, second.inFlight], [0, 0])
})

test('its cap holds over all threads: what would make more is not counted in', () => {
  const { first, second } = views({ maxInFlight: 2 })
  assert.deepEqual(
    [first.acquire(), first.isFull, second.acquire(), second.isFull],
    [true, false, true, true]
  )
  assert.deepEqual([first.acquire(), second.acquire(), first.inFlight], [false, false, 2])
  second.end('succeeded')
  assert.deepEqual([first.isFull, first.acquire(), second.acquire()], [false, true, false])
})

test('attempts and what came of them are counted over all threads', () => {
  const { table, first, second } = views()
  attempt(first, 'succeeded')
  attempt(second, 'failed')
  attempt(second, 'succeeded')
  attempt(first, 'undecided')
  assert.equal(table.counter(5, BACKEND_COUNTER.attempts), 4)
  assert.deepEqual(first.outcomes, { succeeded: 2, failed: 1 })
  assert.deepEqual(second.outcomes, first.outcomes)
})

test('an attempt that never set out is no attempt', () => {
  const { table, first } = views()
  first.acquire()
  first.end('undecided')
  assert.equal(table.counter(5, BACKEND_COUNTER.attempts), 0)
  assert.deepEqual(first.outcomes, { succeeded: 0, failed: 0 })
})

test('the thread whose failure makes the row too long says so, once', () => {
  const { first, second, suspects } = views({}, 3)
  attempt(first, 'failed')
  attempt(second, 'failed')
  assert.deepEqual([suspects, second.failuresInRow], [[], 2])
  attempt(second, 'failed')
  attempt(first, 'failed')
  assert.deepEqual([suspects, first.failuresInRow], [[1], 4])
})

test('a success ends the row, what is undecided does not', () => {
  const { first, second, suspects } = views({}, 3)
  for (const outcome of ['failed', 'failed', 'succeeded', 'failed', 'failed', 'undecided'] as const) {
    attempt(first, outcome)
  }
  assert.deepEqual([suspects, first.failuresInRow], [[], 2])
  attempt(second, 'failed')
  assert.deepEqual(suspects, [1])
})

test('a row that is forgiven begins anew for all threads', () => {
  const { first, second, suspects } = views({}, 2)
  attempt(first, 'failed')
  second.forgiveFailures()
  attempt(first, 'failed')
  assert.deepEqual([suspects, first.failuresInRow], [[], 1])
  attempt(first, 'failed')
  assert.deepEqual(suspects, [0])
})

test('times to the first byte are one histogram over all threads', () => {
  const { first, second } = views()
  first.answered(0.004)
  second.answered(0.004)
  second.answered(60)
  const { buckets, sum } = first.timesToFirstByte()
  assert.equal(buckets[0], 2)
  assert.equal(buckets.at(-1), 1)
  assert.ok(Math.abs(sum - 60.008) < 1e-9)
})

test('its status and its slow start are seen by all threads', () => {
  const { first, second } = views()
  assert.deepEqual([second.status, second.slowStartAt], [0, 0])
  first.setStatus(STATUS.ill | STATUS.draining)
  first.setSlowStart(-7)
  assert.deepEqual([second.status, second.slowStartAt], [STATUS.ill | STATUS.draining, -7])
  first.setStatus(0)
  first.setSlowStart(0)
  assert.deepEqual([second.status, second.slowStartAt], [0, 0])
})

test("a neighbour's numbers are its own", () => {
  const { first, neighbour } = views({}, 9)
  first.acquire()
  first.setStatus(STATUS.ill)
  first.setSlowStart(1)
  first.answered(1)
  first.report(0.5)
  first.end('failed')
  first.acquire()
  assert.deepEqual(
    [neighbour.inFlight, neighbour.status, neighbour.slowStartAt, neighbour.failuresInRow],
    [0, 0, 0, 0]
  )
  assert.deepEqual([neighbour.latency, neighbour.utilization, neighbour.timesToFirstByte().sum], [0, 0, 0])
})
