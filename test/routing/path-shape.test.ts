import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeSegment, parsePathShape, shapeKey } from '../../src/routing/path-shape.ts'

test('a path is cut into decoded literals and parameters', () => {
  assert.deepEqual(parsePathShape('/api/%70roducts/:id/x%2Fy/:part'), {
    segments: ['api', 'products', undefined, 'x/y', undefined],
    params: ['id', 'part']
  })
})

test('the root has no segments', () => {
  assert.deepEqual(parsePathShape('/'), { segments: [], params: [] })
})

test('what is no UTF-8 stays as it was written', () => {
  assert.equal(decodeSegment('a%FF'), 'a%FF')
  assert.equal(decodeSegment('100%'), '100%')
  assert.equal(decodeSegment('%E2%82%AC'), '€')
})

test('shapes have one key exactly when they match the same paths', () => {
  const key = (path: string): string => shapeKey(parsePathShape(path))
  assert.equal(key('/a/:x/%62'), key('/%61/:y/b'))
  const others = ['/', '/a', '/a/b', '/a%2Fb', '/:x', '/%3A', '/:x/b', '/a/:x', '/%3Ax']
  assert.equal(new Set(others.map(key)).size, others.length)
})
