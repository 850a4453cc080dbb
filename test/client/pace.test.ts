import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { patience, readRetryAfter, renewalWait, retryWait } from '../../src/client/pace.ts'

suite('the pace of a registration', () => {
  test('it renews each third of the lease, a tenth more or less', () => {
    const waits = [0, 0.5, 1].map((chance) => Math.round(renewalWait(15_000, chance)))
    assert.deepEqual(waits, [4500, 5000, 5500])
  })

  test('after failures it waits twice as long each time, up to a third of the lease, half of it by chance', () => {
    const waits = [1, 2, 3, 9, 2000].map((failures) => retryWait(failures, 15_000, 0))
    assert.deepEqual(waits, [250, 500, 1000, 5000, 5000])
    assert.equal(retryWait(3, 15_000, 1), 500)
  })

  test('Retry-After takes its place, within reason', () => {
    const waits = [0, 2000, 60_000].map((asked) => retryWait(5, 15_000, 1, asked))
    assert.deepEqual(waits, [250, 2000, 5000])
  })

  test('Retry-After is seconds or a date', () => {
    const now = Date.parse('2030-01-01T00:00:00Z')
    const read = (text: string | null): number | undefined => readRetryAfter(text, now)
    assert.equal(read('3'), 3000)
    assert.equal(read('Tue, 01 Jan 2030 00:00:07 GMT'), 7000)
    assert.equal(read('Mon, 31 Dec 2029 00:00:00 GMT'), 0)
    for (const text of [null, '', 'soon', '-1e']) assert.equal(read(text), undefined)
  })

  test('a second gateway can be asked while the lease lasts, and a registration may take longer', () => {
    const waits = [1_000, 15_000, 600_000].map((ttl) => patience('PUT', ttl))
    assert.deepEqual(waits, [2000, 2500, 5000])
    assert.equal(patience('POST', 1_000), 10_000)
  })
})
