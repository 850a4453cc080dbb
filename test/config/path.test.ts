import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { formatPath, isWithin, pathOfPointer, valueAt } from '../../src/config/path.ts'

suite('a path into a document', () => {
  test('is written with dots and brackets', () => {
    assert.equal(
      formatPath(['upstreams', 'my-group', 'backends', 0, 'weight']),
      'upstreams.my-group.backends[0].weight'
    )
    assert.equal(formatPath([1, 'path']), '[1].path')
    assert.equal(formatPath([]), '(root)')
  })

  test('quotes keys that could be taken for something else', () => {
    assert.equal(formatPath(['a.b', 'c d', '', '[0]', 'é']), '["a.b"]["c d"][""]["[0]"]["é"]')
    assert.notEqual(formatPath(['a', '0']), formatPath(['a', 0]))
  })

  test('finds values of the document only', () => {
    const root = { a: [{ b: null }] }
    assert.deepEqual(valueAt(root, ['a', 0]), { b: null })
    assert.equal(valueAt(root, ['a', 0, 'b']), null)
    assert.equal(valueAt(root, ['a', 0, 'b', 'c']), undefined)
    assert.equal(valueAt(root, ['toString']), undefined)
    assert.equal(valueAt(root, ['a', 'length', 'x']), undefined)
  })

  test('is made from a JSON Pointer, numbers in lists only', () => {
    assert.deepEqual(pathOfPointer({ a: [{ '0': 1 }] }, '/a/0/0'), ['a', 0, '0'])
    assert.deepEqual(pathOfPointer({ 'a/b': { 'c~d': 1 } }, '/a~1b/c~0d'), ['a/b', 'c~d'])
    assert.deepEqual(pathOfPointer({}, ''), [])
  })

  test('is within itself and what is around it', () => {
    assert.ok(isWithin(['a', 0], ['a']) && isWithin(['a'], ['a']) && isWithin(['a'], []))
    assert.ok(!isWithin(['a'], ['a', 0]) && !isWithin(['a', '0'], ['a', 0]))
  })
})
