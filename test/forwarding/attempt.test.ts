import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
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
import { until } from '../helpers/until.ts'

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

  constructor(timeouts: Partial<typeof TIMEOUTS> = {}) {
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
    const owner: Partial<AttemptOwner> = {
      onSending: () => {},
      onInformation: () => {},
      onHead: () => true,
      onBody: () => true,
      onEnd: () => {},
      onStale: () => {
        if (this.replaces) this.attempt.resend(this.connection, REQUEST, false)
        return this.replaces
      },
      onFailure: (failure) => void this.failures.push(failure)
    }
    const begun = { id: '', span: undefined }
    this.attempt = new Attempt(this.backend, { ...TIMEOUTS, ...timeouts }, owner as AttemptOwner, begun)
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
  lab.attempt.abort(true, 'idle_timeout')
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

test('a 100 that comes behind the body leaves the time to the response as it is', async () => {
  const lab = new Lab({ response: 50 })
  const body = Readable.from([]).resume()
  await until('the client has sent its body unasked', () => body.readableEnded)
  lab.attempt.start(lab.connection, { ...REQUEST, body }, true)
  lab.sinks[0]!.onSending()
  lab.attempt.uploaded()
  lab.sinks[0]!.onInformation(100, 'Continue', [])
  await until('it has failed', () => lab.failures.length === 1)
  assert.equal(lab.failures[0]!.reason, 'response_timeout')
})

test('the time that a client takes for its upload is not the backend’s', (t) => {
  let now = 1000
  t.mock.method(performance, 'now', () => now)
  const lab = new Lab()
  const body = Readable.from(['a'])
  lab.attempt.start(lab.connection, { ...REQUEST, method: 'POST', body })
  now += 30_000
  lab.attempt.uploaded()
  now += 20
  lab.sinks[0]!.onHead(200, 'OK', [])
  lab.attempt.uploaded()
  assert.equal(lab.backend.latency, 20_000)
})
