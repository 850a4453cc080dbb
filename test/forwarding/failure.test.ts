import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FailureReason } from '../../src/forwarding/connection.ts'
import { clientTooSlow, failureProblem, type Nobody, nobodyProblem } from '../../src/forwarding/failure.ts'

test('a timeout of the backends is 504, every other failure 502, each with its reason', () => {
  const statuses: Record<FailureReason | 'idle_timeout' | 'total_timeout', number> = {
    connect_refused: 502,
    connect_failed: 502,
    connect_timeout: 504,
    dns_failed: 502,
    tls_failed: 502,
    reset: 502,
    protocol_error: 502,
    request_aborted: 502,
    response_timeout: 504,
    idle_timeout: 504,
    total_timeout: 504
  }
  for (const [reason, status] of Object.entries(statuses)) {
    const problem = failureProblem(reason as FailureReason)
    assert.deepEqual([problem.statusCode, problem.reason], [status, reason])
    assert.deepEqual(problem.headers, {})
  }
})

test('what the client reads names neither reason nor address', () => {
  for (const reason of ['connect_refused', 'dns_failed', 'response_timeout'] as const) {
    assert.doesNotMatch(failureProblem(reason).message, /refused|dns|timeout|\d/i)
  }
})

test('with nobody to try it is 503, and says when to come back', () => {
  const reasons: readonly Nobody[] = [
    'no_usable_backend',
    'all_tried',
    'at_capacity',
    'queue_full',
    'queue_timeout',
    'circuit_open'
  ]
  for (const reason of reasons) {
    const problem = nobodyProblem(reason, 4)
    assert.deepEqual([problem.statusCode, problem.reason], [503, reason])
    assert.deepEqual(problem.headers, { 'retry-after': '4' })
    assert.doesNotMatch(problem.message, /_|\d/)
  }
})

test('a client that does not go on is 408, and its connection ends', () => {
  const problem = clientTooSlow()
  assert.deepEqual([problem.statusCode, problem.reason], [408, 'client_too_slow'])
  assert.deepEqual(problem.headers, { connection: 'close' })
})
