import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Backend, BACKEND_LAYOUT, type Outcome } from '../../src/upstreams/backend.ts'
import { GROUP_LAYOUT, GroupLive } from '../../src/upstreams/group-live.ts'
import { LiveTable } from '../../src/upstreams/live-table.ts'

/** A backend as two threads see it. */
function views(): [Backend, Backend] {
  const table = new LiveTable(BACKEND_LAYOUT, 2)
  table.grow(1)
  const groups = new LiveTable(GROUP_LAYOUT, 2)
  groups.grow(1)
  const facts = { id: 'a:80', url: 'http://a', weight: 1, tier: 0, maxInFlight: 0, place: 0, slot: 0 }
  const of = (row: number): Backend =>
    new Backend(facts, {
      group: 'catalog',
      table,
      live: new GroupLive(groups, 0, row),
      row,
      suspectAfter: Infinity,
      onSuspect: () => {}
    })
  return [of(0), of(1)]
}

function attempt(backend: Backend, outcome: Outcome, seconds?: number): void {
  backend.acquire()
  backend.begin()
  if (seconds !== undefined) backend.answered(seconds)
  backend.end(outcome)
}

test('what one thread learns of its latency all threads see', () => {
  const [first, second] = views()
  assert.equal(second.latency, 0)
  attempt(first, 'succeeded', 0.02)
  assert.equal(second.latency, 20_000)
  attempt(second, 'succeeded', 0.2)
  assert.equal(first.latency, 200_000)
})

test('one that refuses every connection looks slower each time, up to a minute', () => {
  const [backend] = views()
  attempt(backend, 'failed')
  assert.equal(backend.latency, 1_000_000)
  for (let more = 0; more < 20; more++) attempt(backend, 'failed')
  assert.equal(backend.latency, 60_000_000)
})

test('one that answers errors at once does not look fast', () => {
  const [backend] = views()
  attempt(backend, 'succeeded', 0.04)
  for (let more = 0; more < 5; more++) attempt(backend, 'failed', 0.0001)
  assert.equal(backend.latency, 40_000 * 2 ** 5)
})

test('a failure among successes counts until the next of them, whichever thread has it', () => {
  const [first, second] = views()
  attempt(first, 'succeeded', 0.04)
  for (let more = 0; more < 50; more++) {
    attempt(first, 'failed')
    assert.equal(second.latency, 80_000)
    attempt(second, 'succeeded')
    assert.equal(first.latency, 40_000)
  }
})

test('what is no verdict teaches nothing', () => {
  const [backend] = views()
  attempt(backend, 'undecided')
  assert.deepEqual([backend.latency, backend.latencyAt], [0, 0])
})
