import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RetryConfig, UpstreamGroupConfig } from '../../src/config/types.ts'
import type { Failure } from '../../src/forwarding/connection.ts'
import type { Nobody } from '../../src/forwarding/failure.ts'
import {
  mayReplace,
  mayRetryFailure,
  mayRetryStatus,
  retryAfter,
  secondsUntilServed
} from '../../src/forwarding/retry.ts'
import { sharedNow, stamp } from '../../src/shared-clock.ts'
import { check } from '../upstreams/groups.ts'
import { threadViews } from './shared-group.ts'

const GET = { method: 'GET', isReplayable: true }
const POST = { method: 'POST', isReplayable: true }
const GONE = { method: 'PUT', isReplayable: false }

function retry(more: Partial<RetryConfig> = {}): RetryConfig {
  return { attempts: 2, on: ['connect', 'reset'], methods: [], budgetPercent: 20, bodyBuffer: 0, ...more }
}

function failure(more: Partial<Failure> = {}): Failure {
  return { reason: 'reset', sent: true, reused: false, ...more }
}

test('without a connection nothing was sent, so any request may go elsewhere, whatever `on` says', () => {
  const refused = failure({ reason: 'connect_refused', sent: false })
  for (const on of [[], ['connect']] as const) {
    assert.equal(mayRetryFailure(refused, GET, retry({ on })), true)
    assert.equal(mayRetryFailure(refused, POST, retry({ on })), true)
  }
})

test('a body that is gone cannot be sent again', () => {
  assert.equal(mayRetryFailure(failure({ reason: 'connect_refused', sent: false }), GONE, retry()), false)
  assert.equal(mayRetryFailure(failure(), GONE, retry()), false)
  assert.equal(mayRetryStatus(503, GONE, retry({ on: [503] })), false)
  assert.equal(mayReplace(failure({ reused: true }), GONE, retry()), false)
})

test('once something was sent, only what may happen twice is repeated', () => {
  for (const method of ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']) {
    assert.equal(mayRetryFailure(failure(), { method, isReplayable: true }, retry()), true, method)
  }
  for (const method of ['POST', 'PATCH', 'get', 'PURGE']) {
    assert.equal(mayRetryFailure(failure(), { method, isReplayable: true }, retry()), false, method)
  }
})

test('a method may be configured to be repeated all the same', () => {
  const config = retry({ methods: ['POST'], on: ['reset', 503] })
  assert.equal(mayRetryFailure(failure(), POST, config), true)
  assert.equal(mayRetryStatus(503, POST, config), true)
  assert.equal(mayReplace(failure({ reused: true }), POST, config), true)
})

test('a reset and a timeout are repeated where `on` names them', () => {
  const late = failure({ reason: 'response_timeout' })
  assert.equal(mayRetryFailure(failure(), GET, retry({ on: ['reset'] })), true)
  assert.equal(mayRetryFailure(failure(), GET, retry({ on: ['timeout'] })), false)
  assert.equal(mayRetryFailure(late, GET, retry({ on: ['reset'] })), false)
  assert.equal(mayRetryFailure(late, GET, retry({ on: ['timeout'] })), true)
})

test('a status is repeated where `on` names it', () => {
  assert.equal(mayRetryStatus(503, GET, retry()), false)
  assert.equal(mayRetryStatus(503, GET, retry({ on: [502, 503] })), true)
  assert.equal(mayRetryStatus(503, POST, retry({ on: [503] })), false)
})

test('only a connection that was used before is replaced', () => {
  assert.equal(mayReplace(failure({ reused: true }), GET, retry({ on: [] })), true)
  assert.equal(mayReplace(failure({ reused: false }), GET, retry()), false)
  assert.equal(mayReplace(failure({ reused: true }), POST, retry()), false)
})

test('Retry-After is seconds or a date', () => {
  const now = Date.UTC(2026, 0, 1, 12, 0, 0)
  assert.equal(retryAfter(['retry-AFTER', ' 3 '], now), 3000)
  assert.equal(retryAfter(['X', 'Retry-After', 'Retry-After', '0'], now), 0)
  assert.equal(retryAfter(['Retry-After', 'Thu, 01 Jan 2026 12:00:05 GMT'], now), 5000)
  assert.equal(retryAfter(['Retry-After', 'Thu, 01 Jan 2026 11:00:00 GMT'], now), 0)
})

test('without one, or with one that says nothing, there is no wait', () => {
  for (const headers of [
    [],
    ['Retry-After', 'soon'],
    ['Retry-After', ''],
    ['X-Note', 'retry-after', 'A', '5']
  ]) {
    assert.equal(retryAfter(headers, 0), 0)
  }
})

function secondsFor(reason: Nobody, more: Partial<UpstreamGroupConfig> = {}): number {
  return secondsUntilServed(reason, threadViews([1], more)[0]!.group)
}

test('a full group may have a place in the next moment', () => {
  const healthCheck = check({ interval: 9000 })
  for (const reason of ['at_capacity', 'queue_full', 'queue_timeout'] as const) {
    assert.equal(secondsFor(reason, { healthCheck }), 1)
  }
})

test('an ill backend is well after some good probes, or when its ejection ends', () => {
  const outlierDetection = {
    consecutiveFailures: 5,
    ejectFor: 30_000,
    maxEjectFor: 300_000,
    maxEjectedPercent: 50,
    dryRun: false,
    interval: 10_000
  }
  const healthCheck = check({ interval: 1500, healthyAfter: 3 })
  assert.equal(secondsFor('no_usable_backend', { healthCheck, outlierDetection }), 5)
  assert.equal(secondsFor('no_usable_backend', { outlierDetection }), 30)
  assert.equal(secondsFor('no_usable_backend', { healthCheck: check({ interval: 10, healthyAfter: 1 }) }), 1)
  assert.equal(secondsFor('no_usable_backend'), 1)
})

test('an open circuit breaker says when it lets somebody through, a half-open one soon', () => {
  const circuitBreaker = { failurePercent: 50, minRequests: 20, window: 10_000, openFor: 5_000 }
  const { group } = threadViews([0], { circuitBreaker })[0]!
  group.live.setBreaker('open', stamp(sharedNow() + 3500))
  assert.equal(secondsUntilServed('circuit_open', group), 4)
  group.live.setBreaker('open', stamp(sharedNow() - 10))
  assert.equal(secondsUntilServed('circuit_open', group), 1)
  group.live.setBreaker('half-open')
  assert.equal(secondsUntilServed('circuit_open', group), 1)
})
