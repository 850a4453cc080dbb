import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  Backend,
  BACKEND_COUNTER,
  BACKEND_LAYOUT,
  backendId,
  backendKey,
  STATUS
} from '../../src/upstreams/backend.ts'
import { LiveTable } from '../../src/upstreams/live-table.ts'

const FACTS = { id: 'a:80', url: 'http://a', weight: 3, slot: 5 }

function views(): { table: LiveTable; first: Backend; second: Backend } {
  const table = new LiveTable(BACKEND_LAYOUT, 2)
  table.grow(6)
  const [first, second] = [0, 1].map((row) => new Backend('catalog', FACTS, table, row))
  return { table, first: first!, second: second! }
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
  first.begin()
  second.begin()
  second.begin()
  assert.deepEqual([first.inFlight, second.inFlight], [3, 3])
  second.end(false)
  first.end(false)
  second.end(true)
  assert.deepEqual([first.inFlight, second.inFlight], [0, 0])
})

test('attempts and failures are counted over all threads', () => {
  const { table, first, second } = views()
  first.begin()
  second.begin()
  first.end(true)
  second.end(false)
  assert.equal(table.counter(5, BACKEND_COUNTER.attempts), 2)
  assert.equal(table.counter(5, BACKEND_COUNTER.failures), 1)
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

test('a status bit keeps traffic from it on all threads', () => {
  const { first, second } = views()
  assert.deepEqual([first.usable, first.status], [true, 0])
  first.setStatus(STATUS.ill, true)
  assert.deepEqual([second.usable, second.status], [false, STATUS.ill])
  first.setStatus(STATUS.ill, true)
  first.setStatus(STATUS.ill, false)
  assert.deepEqual([second.usable, second.status], [true, 0])
})

test('one status bit does not change another', () => {
  const { first } = views()
  first.setStatus(2, true)
  first.setStatus(STATUS.ill, true)
  first.setStatus(STATUS.ill, false)
  assert.equal(first.status, 2)
  assert.equal(first.usable, false)
})

test("a neighbour's numbers are its own", () => {
  const { table, first } = views()
  const neighbour = new Backend('catalog', { ...FACTS, slot: 4 }, table, 0)
  first.begin()
  first.setStatus(STATUS.ill, true)
  first.answered(1)
  assert.deepEqual([neighbour.inFlight, neighbour.usable, neighbour.timesToFirstByte().sum], [0, true, 0])
})
