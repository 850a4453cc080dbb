import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineRoutes, type RouteDefinition } from '../../src/config/define-routes.ts'

test('defined routes are the very same routes', () => {
  const routes: readonly RouteDefinition[] = [
    { path: '/api/products', upstream: 'catalog', methods: ['GET'], timeouts: { response: '5s' } },
    { path: '/api/orders', upstream: [{ group: 'orders', weight: 9 }, { group: 'canary' }], splitBy: 'ip' }
  ]
  assert.equal(defineRoutes(routes), routes)
})
