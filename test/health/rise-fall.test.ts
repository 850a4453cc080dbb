import assert from 'node:assert/strict'
import { test } from 'node:test'
import { afterProbe, unprobed, withoutCounts } from '../../src/health/rise-fall.ts'
import type { HealthState } from '../../src/health/rise-fall.ts'
import type { HealthReason, ProbeResult } from '../../src/health/types.ts'

const limits = { healthyAfter: 2, unhealthyAfter: 3 }
const good: ProbeResult = { ok: true }
const bad = (reason: HealthReason = 'timeout'): ProbeResult => ({ ok: false, reason })

function after(start: HealthState, ...results: ProbeResult[]): HealthState {
  return results.reduce((state, result) => afterProbe(state, result, limits), start)
}

const well = after(unprobed(true), good)
const ill = after(unprobed(true), bad(), bad(), bad())

test('a backend is what it was said to be until a probe says otherwise', () => {
  assert.deepEqual(unprobed(true), { healthy: true, reason: 'initial', probed: false, good: 0, bad: 0 })
  assert.deepEqual(unprobed(false), { healthy: false, reason: 'initial', probed: false, good: 0, bad: 0 })
})

test('a backend that fails unhealthyAfter probes in a row is ill, and not one probe earlier', () => {
  assert.deepEqual(after(well, bad(), bad()), {
    healthy: true,
    reason: 'probe_passed',
    probed: true,
    good: 0,
    bad: 2
  })
  assert.deepEqual(after(well, bad(), bad(), bad('reset')), {
    healthy: false,
    reason: 'reset',
    probed: true,
    good: 0,
    bad: 0
  })
})

test('one good probe in between makes a well backend’s failures count from 1 again', () => {
  const state = after(well, bad(), bad(), good, bad(), bad())
  assert.equal(state.healthy, true)
  assert.equal(state.bad, 2)
  assert.equal(after(state, bad()).healthy, false)
})

test('an ill backend that passes healthyAfter probes in a row is well, and not one probe earlier', () => {
  const once = after(ill, good)
  assert.deepEqual(once, { healthy: false, reason: 'timeout', probed: true, good: 1, bad: 0 })
  assert.deepEqual(after(once, good), {
    healthy: true,
    reason: 'probe_passed',
    probed: true,
    good: 0,
    bad: 0
  })
})

test('one failure in between makes an ill backend’s good probes count from 1 again', () => {
  assert.equal(after(ill, good, bad(), good).healthy, false)
  assert.equal(after(ill, good, bad(), good, good).healthy, true)
})

test('a backend that starts ill is well with its very first probe', () => {
  assert.deepEqual(after(unprobed(false), good), {
    healthy: true,
    reason: 'probe_passed',
    probed: true,
    good: 0,
    bad: 0
  })
})

test('a backend that starts ill and fails its first probe needs healthyAfter good ones', () => {
  const failed = after(unprobed(false), bad('connect_refused'))
  assert.deepEqual(failed, { healthy: false, reason: 'connect_refused', probed: true, good: 0, bad: 0 })
  assert.equal(after(failed, good).healthy, false)
  assert.equal(after(failed, good, good).healthy, true)
})

test('an ill backend’s reason is its latest failure, also while it recovers', () => {
  assert.equal(after(ill, bad('status_503')).reason, 'status_503')
  assert.equal(after(ill, bad('status_503'), good).reason, 'status_503')
})

test('a well backend keeps its reason until it is ill', () => {
  assert.equal(after(unprobed(true), bad()).reason, 'initial')
  assert.equal(after(unprobed(true), bad(), good).reason, 'probe_passed')
})

test('with limits of 1 every probe is a verdict', () => {
  const ones = { healthyAfter: 1, unhealthyAfter: 1 }
  const fallen = afterProbe(unprobed(true), bad(), ones)
  assert.equal(fallen.healthy, false)
  assert.equal(afterProbe(fallen, good, ones).healthy, true)
})

test('counts that begin anew leave verdict and reason alone', () => {
  const state = withoutCounts(after(well, bad(), bad()))
  assert.deepEqual(state, well)
  assert.equal(after(state, bad(), bad()).healthy, true)
})
