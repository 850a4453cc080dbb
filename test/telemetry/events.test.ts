import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EventLog, type GatewayEvent } from '../../src/telemetry/events.ts'

const died = { type: 'worker', worker: 1, state: 'died', reason: 'stalled' } as const

test('an event gets the next number and its time', () => {
  const log = new EventLog(() => Date.UTC(2026, 0, 2, 3, 4, 5, 6))
  log.record(died)
  log.record({ type: 'worker', worker: 1, state: 'serving' })
  assert.deepEqual(log.after(0), [
    { ...died, id: 1, time: '2026-01-02T03:04:05.006Z' },
    { type: 'worker', worker: 1, state: 'serving', id: 2, time: '2026-01-02T03:04:05.006Z' }
  ])
})

test('listeners are told of each event once', () => {
  const log = new EventLog()
  const told: GatewayEvent[] = []
  log.on('event', (event) => told.push(event))
  log.record(died)
  assert.deepEqual(told, log.after(0))
})

test('a reader that comes back gets what it missed', () => {
  const log = new EventLog()
  for (let count = 0; count < 5; count++) log.record(died)
  assert.deepEqual(
    log.after(3).map(({ id }) => id),
    [4, 5]
  )
  assert.deepEqual(log.after(5), [])
  assert.deepEqual(log.after(99), [])
})

test('only the last 256 events are kept, and their numbers go on', () => {
  const log = new EventLog()
  for (let count = 0; count < 1000; count++) log.record(died)
  const kept = log.after(0)
  assert.equal(kept.length, 256)
  assert.deepEqual([kept[0]?.id, kept.at(-1)?.id], [745, 1000])
})

test('any number of readers is no leak', (t) => {
  const warn = t.mock.method(process, 'emitWarning', () => {})
  const log = new EventLog()
  for (let reader = 0; reader < 50; reader++) log.on('event', () => {})
  assert.equal(warn.mock.callCount(), 0)
})
