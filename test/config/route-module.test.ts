import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { moduleDocument } from '../../src/config/route-module.ts'

const SOURCE = [
  "import { defineRoutes } from 'xecureapi-gateway'", // 1
  '', // 2
  'const group = "catalog"', // 3
  'export default defineRoutes([', // 4
  '  {', // 5
  "    path: '/products',", // 6
  "    methods: ['GET'],", // 7
  '    upstream: group', // 8
  '  },', // 9
  '  {', // 10
  "    name: 'create',", // 11
  "    path: '/products',", // 12
  "    methods: ['GET', 'post'],", // 13
  '    upstream: group,', // 14
  '    timeouts: { response: 5 }', // 15
  '  }', // 16
  '])', // 17
  ''
].join('\n')

const ROUTES = [
  { path: '/products', methods: ['GET'], upstream: 'catalog' },
  {
    name: 'create',
    path: '/products',
    methods: ['GET', 'post'],
    upstream: 'catalog',
    timeouts: { response: 5 }
  }
]

suite('a value of a module', () => {
  const document = moduleDocument('routes/products.ts', SOURCE, ROUTES)

  test('stands where its text is nearest to the path of its route', () => {
    assert.equal(document.lineOf([0]), 6)
    assert.equal(document.lineOf([1]), 12)
    assert.equal(document.lineOf([0, 'path']), 6)
    assert.equal(document.lineOf([1, 'path']), 12)
    assert.equal(document.lineOf([1, 'name']), 11)
    assert.equal(document.lineOf([0, 'methods', 0]), 7)
    assert.equal(document.lineOf([1, 'methods', 1]), 13)
    assert.equal(document.lineOf([1, 'timeouts', 'response']), 15)
  })

  test('stands where its key is when it is a mapping or a list, or the key is meant', () => {
    assert.equal(document.lineOf([1, 'methods']), 13)
    assert.equal(document.lineOf([1, 'timeouts']), 15)
    assert.equal(document.lineOf([1, 'timeouts'], 'key'), 15)
  })

  test('stands where its route is when it is missing', () => {
    assert.equal(document.lineOf([1, 'rewrite']), 12)
    assert.ok(document.has([1, 'name']) && !document.has([0, 'name']))
  })

  test('stands at the first line when its text is nowhere', () => {
    assert.equal(moduleDocument('a.ts', 'export default make()', ROUTES).lineOf([0, 'path']), 1)
    assert.equal(document.lineOf([]), 1)
  })
})
