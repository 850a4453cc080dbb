import assert from 'node:assert/strict'
import { totalmem } from 'node:os'
import { test } from 'node:test'
import { heapLimit } from '../../src/threads/worker-thread.ts'

const GIB = 2 ** 30

test('all threads together may have half of the memory, each within bounds', () => {
  assert.equal(heapLimit(2, 4 * GIB), 1024)
  assert.equal(heapLimit(1, 64 * GIB), 4096)
  assert.equal(heapLimit(8, GIB), 256)
})

test('a container whose memory is bounded counts as a machine that has no more', (t) => {
  const limit = t.mock.method(process, 'constrainedMemory', () => GIB)
  assert.equal(heapLimit(1), Math.max(256, Math.floor(Math.min(totalmem(), GIB) / 2 ** 21)))
  for (const none of [0, 2 ** 64]) {
    limit.mock.mockImplementation(() => none)
    assert.equal(heapLimit(1), heapLimit(1, totalmem()))
  }
})
