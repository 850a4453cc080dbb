import assert from 'node:assert/strict'
import { test } from 'node:test'
import { beat, createHeartbeats, StallWatch } from '../../src/threads/heartbeats.ts'

function watched(rows: number, timeout = 1000) {
  const heartbeats = createHeartbeats(rows)
  const words = new Int32Array(heartbeats)
  return { words, heartbeats, watch: new StallWatch(heartbeats, timeout) }
}

test('a thread that beats is never stalled', () => {
  const { words, watch } = watched(1)
  for (let now = 0; now < 10_000; now += 500) {
    words[0]!++
    assert.deepEqual(watch.stalled(now), [])
  }
})

test('a thread that has not beaten for the timeout is stalled', () => {
  const { words, watch } = watched(3)
  words.fill(1)
  assert.deepEqual(watch.stalled(0), [])
  words[0]!++
  words[2]!++
  assert.deepEqual(watch.stalled(999), [])
  assert.deepEqual(watch.stalled(1000), [1])
  words[1]!++
  assert.deepEqual(watch.stalled(1998), [])
  assert.deepEqual(watch.stalled(1999), [0, 2])
})

test('a new thread is watched from its first beat on, however long it takes to load', () => {
  const { words, watch } = watched(1)
  assert.deepEqual(watch.stalled(0), [])
  assert.deepEqual(watch.stalled(1_000_000), [])
  words[0]!++
  assert.deepEqual(watch.stalled(1_000_001), [])
  assert.deepEqual(watch.stalled(1_001_001), [0])
})

test('a row that is reset counts as a new thread', () => {
  const { words, watch } = watched(1)
  words[0] = 5
  watch.stalled(0)
  assert.deepEqual(watch.stalled(1000), [0])
  watch.reset(0)
  assert.deepEqual(watch.stalled(5000), [])
  words[0]++
  watch.stalled(5001)
  assert.deepEqual(watch.stalled(6001), [0])
})

test('a word that runs over goes on', () => {
  const { words, watch } = watched(1)
  words[0] = 2 ** 31 - 1
  watch.stalled(0)
  Atomics.add(words, 0, 1)
  assert.deepEqual(watch.stalled(5000), [])
})

test('a thread beats at once, then ten times a second, in its own row, until it is stopped', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const { words, heartbeats } = watched(2)
  const stop = beat(heartbeats, 1)
  t.mock.timers.tick(1000)
  assert.deepEqual([...words], [0, 11])
  stop()
  t.mock.timers.tick(1000)
  assert.deepEqual([...words], [0, 11])
})

test('a thread beats as soon as it starts, so that one that stands still right then is noticed', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const { heartbeats, watch } = watched(1)
  t.after(beat(heartbeats, 0))
  assert.deepEqual(watch.stalled(0), [])
  assert.deepEqual(watch.stalled(1000), [0])
})
