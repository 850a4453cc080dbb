import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { COUNTED_REASONS } from '../../src/telemetry/counted-reasons.ts'
import { CountedWords } from '../../src/telemetry/counted-words.ts'

suite('counted words', () => {
  test('have a place each, and one for all others', () => {
    const words = new CountedWords(['a', 'b'])
    const counts = [0, 0, 0]
    for (const word of ['a', 'b', 'b', 'c', 'toString', '__proto__', '']) counts[words.placeOf(word)]!++
    assert.deepEqual(
      words.read((place) => counts[place]!),
      [
        ['a', 1],
        ['b', 2],
        ['__other__', 4]
      ]
    )
    assert.equal(words.size, 3)
  })

  test('that did not come are left out', () => {
    assert.deepEqual(
      new CountedWords(['a']).read(() => 0),
      []
    )
  })

  test('no reason stands twice in the list', () => {
    assert.equal(new Set(COUNTED_REASONS.words).size, COUNTED_REASONS.size)
  })
})
