import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { isSound, withoutPlaces } from '../../src/config/sound.ts'

suite('what is left of a document without its errors', () => {
  const root = { a: [{ b: 1, c: 2 }, { b: 3 }], d: { e: null } }

  test('is all of it when there are none', () => {
    assert.deepEqual(withoutPlaces(root, []), root)
  })

  test('misses the keys, and keeps the length of lists', () => {
    const places = [['a', 0, 'c'], ['a', 1], ['d', 'e'], ['x']]
    assert.deepEqual(withoutPlaces(root, places), { a: [{ b: 1 }, undefined], d: {} })
    assert.deepEqual(root, { a: [{ b: 1, c: 2 }, { b: 3 }], d: { e: null } })
  })

  test('is nothing when the whole is wrong', () => {
    assert.equal(withoutPlaces(root, [[]]), undefined)
  })

  test('is sound where no error is at or below', () => {
    assert.ok(isSound(['a', 1], [['a', 0, 'c']]))
    assert.ok(!isSound(['a', 0], [['a', 0, 'c']]) && !isSound(['a', 0], [['a', 0]]))
  })
})
