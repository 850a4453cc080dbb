import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GROUP_LAYOUT, GroupLive } from '../../src/upstreams/group-live.ts'
import { LiveTable } from '../../src/upstreams/live-table.ts'

/** One group as two threads see it, and its table. */
function views(): { table: LiveTable; first: GroupLive; second: GroupLive } {
  const table = new LiveTable(GROUP_LAYOUT, 2)
  table.grow(1)
  return { table, first: new GroupLive(table, 0, 0), second: new GroupLive(table, 0, 1) }
}

test('a half-open breaker lets through so many at once, over all threads', () => {
  const { first, second } = views()
  first.setBreaker('half-open')
  assert.deepEqual(
    [first, second, first, second, first].map((live) => live.beginTrial(3)),
    [true, true, true, false, false]
  )
  second.endTrial(true)
  assert.deepEqual([second.beginTrial(3), first.beginTrial(3)], [true, false])
})

test('trials are counted by how they went, those that can’t be told not at all', () => {
  const { first, second } = views()
  first.setBreaker('half-open')
  for (const passed of [true, false, undefined, true]) {
    second.beginTrial(9)
    second.endTrial(passed)
  }
  assert.deepEqual(first.trials, { passed: 2, failed: 1 })
  first.setBreaker('open', 42)
  assert.deepEqual([second.breaker, second.opensAt, second.trials], ['open', 42, { passed: 0, failed: 0 }])
})

test('a thread that dies gives back its places, those of others stay taken', () => {
  const { table, first, second } = views()
  first.beginTrial(2)
  second.beginTrial(2)
  second.addWaiting(1)
  assert.equal(first.beginTrial(2), false)
  table.clearGauges(1)
  assert.equal(first.waiting, 0)
  assert.deepEqual([first.beginTrial(2), first.beginTrial(2)], [true, false])
})

test('whoever waits in any thread is told of a place, and nobody is when nobody waits', async (t) => {
  const { first, second } = views()
  // A wait for shared memory keeps no process alive, as the sockets of whoever waits do.
  const alive = setInterval(() => {}, 1000)
  t.after(() => clearInterval(alive))
  first.announceFree()
  assert.equal(first.freed, 0)
  second.addWaiting(1)
  const waiting = second.whenFreed(second.freed, 30_000)
  first.announceFree()
  await waiting
  assert.equal(second.freed, 1)
  await second.whenFreed(0, 30_000)
  await second.whenFreed(1, 1)
})
