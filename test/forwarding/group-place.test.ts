import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { suite, test } from 'node:test'
import type { FastifyRequest } from 'fastify'
import { GroupPlace } from '../../src/forwarding/group-place.ts'
import { GROUP_LAYOUT, LOAD_PLACE } from '../../src/upstreams/group-live.ts'
import { GroupLoad } from '../../src/upstreams/group-load.ts'
import { LiveTable } from '../../src/upstreams/live-table.ts'
import { until } from '../helpers/until.ts'

/** A request that was counted in, and its group's load. */
function placed(hasBody = false): {
  load: GroupLoad
  place: GroupPlace
  body: PassThrough
  record: { reason?: string }
} {
  const table = new LiveTable(GROUP_LAYOUT, 1)
  table.grow(1)
  const load = new GroupLoad(table, 0, 0, LOAD_PLACE)
  load.enter(1, 10)
  const body = new PassThrough()
  const record: { reason?: string } = {}
  const raw = Object.assign(body, { headers: hasBody ? { 'content-length': '2' } : {} })
  const place = new GroupPlace(load, 1, { raw, record } as unknown as FastifyRequest)
  return { load, place, body, record }
}

suite('a place in a group', () => {
  test('is given back once, whoever says so', () => {
    const { load, place } = placed()
    assert.equal(load.underWay(), 1)
    place.leave()
    place.leave()
    place.settle('succeeded')
    assert.equal(load.underWay(), 0)
    assert.equal(load.totals.answered, 1)
  })

  test('counts the time until it was given back, not until the client has read its answer', async () => {
    const { load, place, record } = placed()
    place.leave()
    await delay(100)
    record.reason = 'response_timeout'
    place.settle('failed')
    assert.equal(load.totals.unanswered, 1)
    assert.ok(load.totals.unansweredTime < 80, `${load.totals.unansweredTime}`)
  })

  test('does not count the time that a client takes for its upload', async () => {
    const { load, place, body } = placed(true)
    body.resume()
    await delay(200)
    body.end('ab')
    await delay(20)
    place.settle('succeeded')
    const { answered, answeredTime } = load.totals
    assert.equal(answered, 1)
    assert.ok(answeredTime < 150, `${answeredTime}`)
  })

  test('learns nothing from an answer that comes before the upload is whole', () => {
    const { load, place } = placed(true)
    place.settle('succeeded')
    assert.deepEqual([load.underWay(), load.totals.answered], [0, 0])
  })

  for (const [outcome, reason, counts] of [
    ['failed', 'response_timeout', 1],
    ['failed', 'connect_timeout', 1],
    ['undecided', 'client_gone', 1],
    ['undecided', 'queue_timeout', 1],
    ['failed', 'connect_refused', 0],
    ['failed', 'reset', 0],
    ['failed', undefined, 0],
    ['undecided', 'no_usable_backend', 0],
    ['undecided', 'queue_full', 0],
    ['undecided', 'client_too_slow', 0],
    ['undecided', 'total_timeout', 0]
  ] as const) {
    test(`${counts ? 'waited in vain' : 'learns nothing'} when it ${outcome} (${reason ?? 'a status'})`, () => {
      const { load, place, record } = placed()
      if (reason) record.reason = reason
      place.settle(outcome)
      assert.deepEqual([load.totals.answered, load.totals.unanswered], [0, counts])
    })
  }

  test('learns nothing from a client that leaves in the middle of its upload', () => {
    const { load, place, record } = placed(true)
    record.reason = 'client_gone'
    place.settle('undecided')
    assert.equal(load.totals.unanswered, 0)
  })

  test('is not held by a slow upload, and is taken again when that has come whole', async () => {
    const { load, place, body } = placed(true)
    body.resume()
    assert.equal(load.underWay(), 1)
    await until('it is given back', () => load.underWay() === 0)
    body.end('ab')
    await until('it is taken again', () => load.underWay() === 1)
    place.settle('succeeded')
    assert.equal(load.underWay(), 0)
  })

  test('is given back once by an upload that never comes whole', async () => {
    const { load, place, body } = placed(true)
    body.resume()
    await until('it is given back', () => load.underWay() === 0)
    place.settle('undecided')
    body.end('ab')
    await delay(20)
    assert.equal(load.underWay(), 0)
  })

  test('is kept by an upload that waits for the service', async () => {
    const { load, place, body } = placed(true)
    body.pause()
    body.write('a')
    await delay(1200)
    assert.equal(load.underWay(), 1)
    place.leave()
    assert.equal(load.underWay(), 0)
  })
})
