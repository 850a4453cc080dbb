import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Attempt, type AttemptOwner } from '../../src/forwarding/attempt.ts'
import type {
  Failure,
  ResponseSink,
  UpstreamConnection,
  UpstreamRequest
} from '../../src/forwarding/connection.ts'

import { Backend, BACKEND_COUNTER, BACKEND_LAYOUT } from '../../src/upstreams/backend.ts'
import { GROUP_LAYOUT, GroupLive } from '../../src/upstreams/group-live.ts'
import { LiveTable } from '../../src/upstreams/live-table.ts'

const REQUEST: UpstreamRequest = { method: 'GET', target: '/', headers: [], body: null }
const TIMEOUTS = { connect: 0, response: 0, idle: 0, total: 0 }
const STALE: Failure = { reason: 'reset', sent: true, reused: true }

/** An attempt at a backend that may have one, over connections that do what the test says. */
class Lab {
  readonly table = new LiveTable(BACKEND_LAYOUT, 1)
  readonly backend: Backend
  readonly failures: Failure[] = []
  readonly sinks: ResponseSink[] = []
  replaces = false
  refuses = false
  readonly attempt: Attempt

  constructor() {
    this.table.grow(1)
    const groups = new LiveTable(GROUP_LAYOUT, 1)
    groups.grow(1)
    this.backend = new Backend(
      { id: 'a:80', url: 'http://a', weight: 1, tier: 0, maxInFlight: 1, place: 0, slot: 0 },
      {
        group: 'lab',
        table: this.table,
        live: new GroupLive(groups, 0, 0),
        row: 0,
        suspectAfter: Infinity,
        onSuspect: () => {}
      }
    )
    assert.equal(this.backend.acquire(), true)
    this.attempt = new Attempt(this.backend, TIMEOUTS, {
      onHead: () => true,
      onBody: () => true,
      onEnd: () => {},
      onStale: () => {
        if (this.replaces) this.attempt.resend(this.connection, REQUEST, false)
        return this.replaces
      },
      onFailure: (failure) => void this.failures.push(failure)
    } as Partial<AttemptOwner> as AttemptOwner)
  }

  readonly connection = {
    send: (_request, sink) => {
      if (this.refuses) throw new TypeError('no such method')
      this.sinks.push(sink)
      return { abort: () => {}, resume: () => {} }
    }
  } as Partial<UpstreamConnection> as UpstreamConnection

  counted(): { inFlight: number; attempts: number; failures: number } {
    const { attempts, failures } = BACKEND_COUNTER
    return {
      inFlight: this.backend.inFlight,
      attempts: this.table.counter(0, attempts),
      failures: this.table.counter(0, failures)
    }
  }
}

test('a stale connection is replaced in the place that the attempt has, and counts once', () => {
  const lab = new Lab()
  lab.attempt.start(lab.connection, REQUEST)
  lab.replaces = true
  lab.sinks[0]!.onFailure(STALE)
  assert.deepEqual(lab.counted(), { inFlight: 1, attempts: 1, failures: 0 })
  lab.sinks[1]!.onHead(200, 'OK', [])
  lab.sinks[1]!.onEnd([])
  assert.deepEqual(lab.counted(), { inFlight: 0, attempts: 1, failures: 0 })
  assert.deepEqual([lab.attempt.outcome, lab.failures], ['succeeded', []])
})

test('one that is not replaced has failed, by nobody’s fault', () => {
  const lab = new Lab()
  lab.attempt.start(lab.connection, REQUEST)
  lab.sinks[0]!.onFailure(STALE)
  assert.deepEqual(lab.counted(), { inFlight: 0, attempts: 1, failures: 0 })
  assert.deepEqual([lab.attempt.outcome, lab.failures], ['undecided', [STALE]])
})

test('whatever ends it, and however often, it is counted out once', () => {
  const lab = new Lab()
  lab.attempt.start(lab.connection, REQUEST)
  lab.sinks[0]!.onFailure({ reason: 'reset', sent: true, reused: false })
  lab.attempt.abort(true)
  lab.sinks[0]!.onEnd([])
  lab.attempt.abort()
  assert.deepEqual(lab.counted(), { inFlight: 0, attempts: 1, failures: 1 })
})

test('what can’t be sent is no attempt, and counted out when it is given up', () => {
  const lab = new Lab()
  lab.refuses = true
  assert.throws(() => lab.attempt.start(lab.connection, REQUEST), TypeError)
  lab.attempt.abort()
  assert.deepEqual(lab.counted(), { inFlight: 0, attempts: 0, failures: 0 })
})

test('a response of 500 and more is the backend’s failure, when it has ended', () => {
  const lab = new Lab()
  lab.attempt.start(lab.connection, REQUEST)
  lab.sinks[0]!.onHead(500, 'Oh', [])
  assert.deepEqual(lab.counted(), { inFlight: 1, attempts: 1, failures: 0 })
  lab.sinks[0]!.onEnd([])
  assert.deepEqual(lab.counted(), { inFlight: 0, attempts: 1, failures: 1 })
})
