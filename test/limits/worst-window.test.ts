import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { worstSpan, worstWindow } from '../helpers/worst-window.ts'

suite('the worst window', () => {
  test('of moments is the burst that they take', () => {
    assert.equal(worstWindow([], 1), 0)
    assert.equal(worstWindow([5], 1), 1)
    assert.equal(worstWindow([0, 10, 20, 30], 0.1), 1)
    assert.equal(worstWindow([0, 100, 100, 100, 200], 0.01), 3)
    assert.equal(worstWindow([0, 1, 2, 3], 0.5), 2.5)
  })

  test('of requests counts those that lie in it wholly', () => {
    const at = (sent: number, arrived = sent) => ({ sent, arrived })
    assert.equal(worstSpan([at(0), at(100), at(100), at(100)], 0.01), 3)
    assert.equal(worstSpan([at(0, 100), at(0, 100), at(100)], 0.01), 2)
    assert.equal(
      worstSpan([at(10), at(10), at(12), at(12)], 0, (moment) => (moment < 11 ? 0 : 2)),
      2
    )
  })
})
