import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { deriveRouteName, nameRoutes } from '../../src/config/route-names.ts'

suite('the name of a route without one', () => {
  test('is made from its path', () => {
    const names = {
      '/': 'root',
      '/api/products': 'api-products',
      '/api/products/:id/': 'api-products-id',
      '/v1.2/a~b': 'v1-2-a-b',
      '/_internal': 'internal',
      '/caf%C3%A9': 'caf-C3-A9',
      '/~': 'route'
    }
    for (const [path, name] of Object.entries(names)) {
      assert.equal(deriveRouteName(path), name)
      assert.match(name, /^[A-Za-z0-9][A-Za-z0-9_-]*$/)
    }
  })

  test('is counted on where it is taken, by own names first', () => {
    const names = nameRoutes([
      { path: '/a' },
      { path: '/a' },
      { name: 'a', path: '/b' },
      { name: 'a-3', path: '/c' },
      { path: '/a' },
      {}
    ])
    assert.deepEqual(names, ['a-2', 'a-4', 'a', 'a-3', 'a-5', 'root'])
  })
})
