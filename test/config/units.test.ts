import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { formatDuration, parseDuration } from '../../src/config/units.ts'

suite('a duration', () => {
  test('is a whole number and a unit', () => {
    const read = ['0s', '1ms', '250ms', '2s', '1m', '1h', '007s'].map(parseDuration)
    assert.deepEqual(read, [0, 1, 250, 2000, 60_000, 3_600_000, 7000])
  })

  test('is nothing else', () => {
    for (const text of [
      '',
      '5',
      's',
      '1.5s',
      '-1s',
      '+1s',
      '1 s',
      ' 1s',
      '1S',
      '1m30s',
      '1d',
      '1e3ms',
      '٣s',
      '1s\n'
    ]) {
      assert.equal(parseDuration(text), undefined, JSON.stringify(text))
    }
  })

  test('is written in the largest unit that keeps it whole, and reads back the same', () => {
    const times = [0, 1, 100, 1500, 2000, 60_000, 90_000, 3_600_000, 86_400_000]
    const texts = ['0ms', '1ms', '100ms', '1500ms', '2s', '1m', '90s', '1h', '24h']
    assert.deepEqual(times.map(formatDuration), texts)
    assert.deepEqual(texts.map(parseDuration), times)
  })
})
