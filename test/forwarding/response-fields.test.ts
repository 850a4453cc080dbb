import assert from 'node:assert/strict'
import { test } from 'node:test'
import { endToEndFields, isEventStream, valueOf } from '../../src/forwarding/response-fields.ts'
import { fields } from './fields.ts'

test("of trailers, those go on that are not of the connection, not the gateway's and not the route's", () => {
  const headers = fields(
    'X-Sum: 1',
    'Connection: x-hop',
    'X-Hop: 2',
    'Keep-Alive: 3',
    'X-Request-Id: 4',
    'Endpoint-Load-Metrics: TEXT cpu_utilization=0.3',
    'X-Sum: 5'
  )
  assert.deepEqual(endToEndFields(headers, undefined), fields('X-Sum: 1', 'X-Sum: 5'))
  const changes = { set: { 'x-set': 'own' }, remove: ['x-gone'] }
  const changed = fields('X-Set: 1', 'X-Gone: 2', 'X-Kept: 3')
  assert.deepEqual(endToEndFields(changed, changes), fields('X-Kept: 3'))
})

test('a field is found whatever its case, the first one of many', () => {
  assert.equal(valueOf('x-a', fields('X-B: 1', 'X-A: 2', 'x-a: 3')), '2')
  assert.equal(valueOf('x-c', fields('X-B: 1')), undefined)
})

test('a stream of events is known by its media type', () => {
  assert.ok(isEventStream(fields('Content-Type: Text/Event-Stream; charset=utf-8')))
  assert.ok(!isEventStream(fields('Content-Type: text/plain')))
  assert.ok(!isEventStream([]))
})
