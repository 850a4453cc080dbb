import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accessSampling } from '../../src/telemetry/access-sampling.ts'

const PLAIN = { status: 200, totalTime: 10 }

test('what went well has a line by chance, which is told; what did not has one always', () => {
  let chance = 0
  const sampleOf = accessSampling({ sample: 0.1, slow: 1000 }, () => chance)
  assert.equal(sampleOf(PLAIN), 0.1)
  chance = 0.1
  assert.equal(sampleOf(PLAIN), undefined)
  for (const request of [
    { ...PLAIN, status: 400 },
    { ...PLAIN, status: 499 },
    { ...PLAIN, status: 503 },
    { ...PLAIN, totalTime: 1000 },
    { ...PLAIN, reason: 'reset' },
    { ...PLAIN, dryRunLimit: 'per-hour' }
  ]) {
    assert.equal(sampleOf(request), 1, JSON.stringify(request))
  }
  for (const status of [101, 204, 304, 399]) assert.equal(sampleOf({ ...PLAIN, status }), undefined)
})

test('all and none are shares, too, and nothing is slow where no time is', () => {
  assert.equal(accessSampling({ sample: 1, slow: 1 }, () => 0.999)(PLAIN), 1)
  const none = accessSampling({ sample: 0, slow: 0 }, () => 0)
  assert.equal(none({ ...PLAIN, totalTime: 1e9 }), undefined)
  assert.equal(none({ ...PLAIN, status: 500 }), 1)
})

test('over many requests the share is what it says', () => {
  const sampleOf = accessSampling({ sample: 0.25, slow: 0 })
  let lines = 0
  for (let turn = 0; turn < 20_000; turn++) if (sampleOf(PLAIN) !== undefined) lines++
  assert.ok(lines > 4500 && lines < 5500, String(lines))
})
