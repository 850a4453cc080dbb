import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LiveTable } from '../../src/upstreams/live-table.ts'
import { KeyedSlots } from '../../src/upstreams/slots.ts'

function slotsOf(rows = 1): KeyedSlots {
  return new KeyedSlots(new LiveTable({ pageSlots: 4, shared: 1, gauges: 1, counters: 1 }, rows))
}

function setGauge({ table }: KeyedSlots, slot: number, value: number): void {
  table.page(slot).gauges[table.gaugeIndex(slot, 0)] = value
}

test('every key has a slot of its own and keeps it', () => {
  const slots = slotsOf()
  assert.deepEqual(slots.reserve(['a', 'b', 'a']), ['a', 'b'])
  assert.deepEqual(slots.reserve(['b', 'c']), ['c'])
  assert.deepEqual(slots.entries(), [
    ['a', 0],
    ['b', 1],
    ['c', 2]
  ])
  assert.equal(slots.get('b'), 1)
  assert.equal(slots.get('d'), undefined)
})

test('a slot is not used again while a generation that knew its key is in use', () => {
  const slots = slotsOf()
  slots.reserve(['a'])
  slots.retain([], 2)
  assert.equal(slots.retired, 1)
  slots.reclaim(1)
  slots.reserve(['b'])
  assert.equal(slots.get('b'), 1)
  slots.reclaim(2)
  assert.equal(slots.retired, 0)
  slots.reserve(['c'])
  assert.equal(slots.get('c'), 0)
})

test('a slot is not used again while something is in flight on it', () => {
  const slots = slotsOf()
  slots.reserve(['a'])
  setGauge(slots, 0, 1)
  slots.retain([], 2)
  slots.reclaim(Infinity)
  assert.equal(slots.retired, 1)
  setGauge(slots, 0, 0)
  slots.reclaim(Infinity)
  assert.equal(slots.retired, 0)
})

test('a key that comes back while its slot is retired gets another one', () => {
  const slots = slotsOf()
  slots.reserve(['a'])
  slots.retain([], 2)
  slots.reserve(['a'])
  assert.equal(slots.get('a'), 1)
  slots.reclaim(2)
  slots.reserve(['b'])
  assert.equal(slots.get('b'), 0)
})

test('a slot that is used again begins at 0', () => {
  const slots = slotsOf()
  slots.reserve(['a'])
  const { table } = slots
  table.page(0).shared[table.sharedIndex(0)] = 1
  table.page(0).counters[table.counterIndex(0, 0)] = 5
  slots.retain([], 2)
  assert.equal(table.counter(0), 5)
  slots.reclaim(2)
  slots.reserve(['b'])
  assert.equal(slots.get('b'), 0)
  assert.equal(table.counter(0), 0)
  assert.equal(table.page(0).shared[0], 0)
})

test('removing and adding one key for ever takes no more than one page', () => {
  const slots = slotsOf()
  for (let version = 1; version <= 1000; version++) {
    slots.reserve([`key ${version}`])
    slots.retain([`key ${version}`], version)
    slots.reclaim(version)
  }
  assert.equal(slots.table.capacity, 4)
})
