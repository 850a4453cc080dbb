import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type LiveLayout, LiveTable } from '../../src/upstreams/live-table.ts'

const LAYOUT: LiveLayout = { pageSlots: 4, shared: 2, gauges: 2, counters: 3 }

test('a table grows by whole pages, and only when it must', () => {
  const table = new LiveTable(LAYOUT, 2)
  assert.equal(table.capacity, 0)
  table.grow(0)
  assert.equal(table.capacity, 0)
  table.grow(1)
  table.grow(4)
  assert.equal(table.capacity, 4)
  table.grow(9)
  assert.equal(table.capacity, 12)
})

test('growing keeps the pages that are there', () => {
  const table = new LiveTable(LAYOUT, 1)
  table.grow(1)
  const [first] = table.buffers
  table.grow(20)
  assert.equal(table.buffers[0], first)
})

test('a slot beyond the capacity is an error', () => {
  const table = new LiveTable(LAYOUT, 1)
  assert.throws(() => table.page(0), RangeError)
  table.grow(4)
  assert.throws(() => table.page(4), RangeError)
})

test('every word of every slot and row has a place of its own', () => {
  const rows = 3
  const table = new LiveTable(LAYOUT, rows)
  table.grow(8)
  let next = 1
  for (let slot = 0; slot < 8; slot++) {
    const { shared, gauges, counters } = table.page(slot)
    for (let word = 0; word < LAYOUT.shared; word++) shared[table.sharedIndex(slot) + word] = next++
    for (let row = 0; row < rows; row++) {
      for (let word = 0; word < LAYOUT.gauges; word++) gauges[table.gaugeIndex(slot, row) + word] = next++
      for (let word = 0; word < LAYOUT.counters; word++) {
        counters[table.counterIndex(slot, row) + word] = next++
      }
    }
  }
  const all = table.pages.flatMap(({ shared, gauges, counters }) => [...shared, ...gauges, ...counters])
  assert.deepEqual(
    all.toSorted((a, b) => a - b),
    Array.from({ length: next - 1 }, (_, index) => index + 1)
  )
})

test('a thread that attaches the pages sees the same numbers, also of pages that come later', () => {
  const owner = new LiveTable(LAYOUT, 2)
  owner.grow(1)
  const other = new LiveTable(LAYOUT, 2, owner.buffers)
  owner.grow(6)
  other.attach(owner.buffers)
  other.attach(owner.buffers)
  assert.equal(other.capacity, 8)
  other.page(5).gauges[other.gaugeIndex(5, 1)] = 7
  assert.equal(owner.gauge(5), 7)
})

test('gauges and counters are summed over the rows', () => {
  const table = new LiveTable(LAYOUT, 3)
  table.grow(2)
  const { gauges, counters } = table.page(1)
  for (let row = 0; row < 3; row++) {
    gauges[table.gaugeIndex(1, row) + 1] = 10 ** row
    counters[table.counterIndex(1, row) + 2] = 2 * 10 ** row
  }
  assert.deepEqual([table.gauge(1), table.gauge(1, 1)], [0, 111])
  assert.deepEqual([table.counter(1), table.counter(1, 2)], [0, 222])
  assert.deepEqual([table.gauge(0, 1), table.counter(0, 2)], [0, 0])
})

test('a slot is idle when all gauges of all rows are 0', () => {
  const table = new LiveTable(LAYOUT, 2)
  table.grow(1)
  const { gauges, counters } = table.page(0)
  counters[table.counterIndex(0, 1)] = 1
  assert.equal(table.isIdle(0), true)
  gauges[table.gaugeIndex(0, 1) + 1] = 1
  assert.equal(table.isIdle(0), false)
})

test('clearing a slot zeroes it in every row and leaves its neighbours', () => {
  const table = new LiveTable(LAYOUT, 2)
  table.grow(4)
  for (const { shared, gauges, counters } of table.pages) {
    shared.fill(1)
    gauges.fill(1)
    counters.fill(1)
  }
  table.clearSlot(2)
  for (let slot = 0; slot < 4; slot++) {
    const expected = slot === 2 ? 0 : 1
    assert.equal(table.page(slot).shared[table.sharedIndex(slot) + 1], expected)
    assert.equal(table.gauge(slot, 1), expected * 2)
    assert.equal(table.counter(slot, 2), expected * 2)
  }
})

test("a dead thread's gauges are zeroed over all pages; its counters and other rows stay", () => {
  const table = new LiveTable(LAYOUT, 3)
  table.grow(8)
  for (const { gauges, counters } of table.pages) {
    gauges.fill(1)
    counters.fill(1)
  }
  table.clearGauges(1)
  for (const slot of [0, 3, 4, 7]) {
    assert.deepEqual([table.gauge(slot), table.gauge(slot, 1)], [2, 2])
    assert.equal(table.counter(slot, 2), 3)
  }
})
