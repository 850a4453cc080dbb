import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { parseStatusRange } from '../../src/config/status-ranges.ts'

suite('a status range', () => {
  test('is a code or two codes with a dash between', () => {
    assert.deepEqual(parseStatusRange(204), { from: 204, to: 204 })
    assert.deepEqual(parseStatusRange('204'), { from: 204, to: 204 })
    assert.deepEqual(parseStatusRange('200-299'), { from: 200, to: 299 })
    assert.deepEqual(parseStatusRange('100-599'), { from: 100, to: 599 })
    assert.deepEqual(parseStatusRange('304-304'), { from: 304, to: 304 })
  })

  test('is nothing else', () => {
    for (const entry of [
      0,
      99,
      600,
      200.5,
      NaN,
      -200,
      '',
      '2xx',
      '099',
      '600',
      '299-200',
      '200-',
      '200-299-300',
      ' 200'
    ]) {
      assert.equal(parseStatusRange(entry), undefined, JSON.stringify(entry))
    }
  })
})
