import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newSpanId, newTraceId, traceIds } from '../../src/telemetry/trace-ids.ts'

test('ids are hexadecimal digits in lower case, and never the same', () => {
  const traces = Array.from({ length: 5000 }, newTraceId)
  const spans = Array.from({ length: 5000 }, newSpanId)
  for (const id of traces) assert.match(id, /^[\da-f]{32}$/)
  for (const id of spans) assert.match(id, /^[\da-f]{16}$/)
  assert.equal(new Set([...traces, ...spans]).size, 10_000)
})

test('no id is all 0, whatever chance says', () => {
  const { trace, span } = traceIds((bytes) => void bytes.fill(0))
  assert.equal(trace(), `01${'0'.repeat(30)}`)
  assert.equal(span(), `01${'0'.repeat(14)}`)
})
