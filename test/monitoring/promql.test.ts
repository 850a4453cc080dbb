import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readPromql } from './promql.ts'

test('what an expression asks for is read, whatever stands around it', () => {
  const { metrics, matchers, groupings } = readPromql(
    `sum by (job, le) (rate(a_bucket{job="x{y}", le!~"[0-9]"}[5m] offset 1d)) / on (route) level:b:rate5m
     or vector(0) and c > bool 1e3 unless max (d) by (path)`
  )
  assert.deepEqual([...metrics].sort(), ['a_bucket', 'c', 'd', 'level:b:rate5m'])
  assert.deepEqual(matchers, [
    { metric: 'a_bucket', label: 'job' },
    { metric: 'a_bucket', label: 'le' }
  ])
  assert.deepEqual([...groupings].sort(), ['job', 'le', 'path', 'route'])
})
