import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineRoutes, type RouteDefinition } from '../../src/config/define-routes.ts'

test('defined routes are the very same routes', () => {
  const routes: readonly RouteDefinition[] = [
    { path: '/api/products', upstream: 'catalog', methods: ['GET'], timeouts: { response: '5s' } }
  ]
  assert.equal(defineRoutes(routes), routes)
})
