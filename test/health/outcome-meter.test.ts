import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OutcomeMeter } from '../../src/health/outcome-meter.ts'

function seen(id: string, succeeded: number, failed: number) {
  return { id, outcomes: { succeeded, failed } }
}

test('what is told is what came since the last time, from where it began to follow', () => {
  const meter = new OutcomeMeter()
  meter.follow([seen('a', 100, 10)])
  assert.deepEqual(meter.take(seen('a', 103, 11)), { succeeded: 3, failed: 1 })
  assert.deepEqual(meter.take(seen('a', 103, 12)), { succeeded: 0, failed: 1 })
})

test('to follow the same backends again changes nothing', () => {
  const meter = new OutcomeMeter()
  meter.follow([seen('a', 1, 1)])
  meter.follow([seen('a', 5, 1), seen('b', 7, 0)])
  assert.deepEqual(meter.take(seen('a', 6, 1)), { succeeded: 5, failed: 0 })
  assert.deepEqual(meter.take(seen('b', 8, 0)), { succeeded: 1, failed: 0 })
})

test('one that went and comes back begins where it is then', () => {
  const meter = new OutcomeMeter()
  meter.follow([seen('a', 100, 10)])
  meter.follow([])
  meter.follow([seen('a', 0, 0)])
  assert.deepEqual(meter.take(seen('a', 2, 1)), { succeeded: 2, failed: 1 })
})
