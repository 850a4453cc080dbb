import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requestIds } from '../../src/telemetry/request-id.ts'

test("a client's own id is kept when it is plain", () => {
  const next = requestIds('p')
  for (const id of ['a', 'A-b_c.9', 'x'.repeat(128)]) assert.equal(next({ 'x-request-id': id }), id)
})

test('any other id is replaced', () => {
  const next = requestIds('p')
  const bad = ['', 'x'.repeat(129), 'a b', 'a, b', 'ä', 'a/b', 'a\n', "a'", '<b>', 'a:b']
  for (const [index, id] of bad.entries()) {
    assert.equal(next({ 'x-request-id': id }), `p-${(index + 1).toString(36)}`)
  }
})

test('ids that are made never repeat and are valid themselves', () => {
  const next = requestIds()
  const ids = new Set(Array.from({ length: 10_000 }, () => next({})))
  assert.equal(ids.size, 10_000)
  for (const id of ids) assert.equal(requestIds()({ 'x-request-id': id }), id)
})

test('two threads make other ids', () => {
  assert.notEqual(requestIds()({}), requestIds()({}))
})
