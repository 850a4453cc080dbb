import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { LiveTable } from '../../src/upstreams/live-table.ts'
import { measureEventLoop, readEventLoops, THREAD_LAYOUT } from '../../src/threads/thread-stats.ts'
import { until } from '../helpers/until.ts'

function block(milliseconds: number): void {
  const end = performance.now() + milliseconds
  while (performance.now() < end) {
    // Nothing else gets its turn.
  }
}

function mostOf(table: LiveTable): number {
  return readEventLoops(table).find(({ row }) => row === 1)?.most ?? 0
}

test('a loop that stands still is seen, whatever other timers are due then, and a dead thread tells nothing', async (t) => {
  const table = new LiveTable(THREAD_LAYOUT, 2)
  table.grow(1)
  const stop = measureEventLoop(table, 1)
  const busy = setInterval(() => {}, 5)
  t.after(() => {
    stop()
    clearInterval(busy)
  })
  for (let turn = 0; turn < 3; turn++) {
    await delay(100)
    block(1200)
    let most = 0
    await until('it is told', () => {
      most = mostOf(table)
      return most >= 1
    })
    assert.ok(most < 10, `${most} s`)
    await until('it is forgotten', () => mostOf(table) < 1)
  }
  assert.deepEqual(
    readEventLoops(table).map(({ row }) => row),
    [1]
  )
  table.clearGauges(1)
  assert.deepEqual(readEventLoops(table), [])
})
