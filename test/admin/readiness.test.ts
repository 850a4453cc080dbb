import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readiness, type ReadinessFacts } from '../../src/admin/readiness.ts'

function ready(facts: Partial<ReadinessFacts>) {
  return readiness({ stopping: false, generation: 7, configured: 2, serving: 2, probed: true, ...facts })
}

test('with all workers serving and all first probes answered it is ready', () => {
  assert.deepEqual(ready({}), { status: 'ready', generation: 7, workers: { configured: 2, serving: 2 } })
})

test('with one worker missing it is degraded, and says why', () => {
  assert.deepEqual(ready({ serving: 1 }), {
    status: 'degraded',
    reason: 'workers_missing',
    generation: 7,
    workers: { configured: 2, serving: 1 }
  })
})

test('without a worker, with first probes pending and while stopping it is not ready', () => {
  for (const [facts, reason] of [
    [{ serving: 0 }, 'no_worker'],
    [{ probed: false }, 'first_probes_pending'],
    [{ stopping: true }, 'stopping']
  ] as const) {
    const { status, reason: why } = ready(facts)
    assert.deepEqual([status, why], ['not_ready', reason])
  }
})

test('the weightier reason is given first', () => {
  assert.equal(ready({ stopping: true, serving: 0, probed: false }).reason, 'stopping')
  assert.equal(ready({ serving: 0, probed: false }).reason, 'no_worker')
  assert.equal(ready({ serving: 1, probed: false }).reason, 'first_probes_pending')
})
