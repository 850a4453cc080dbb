import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rewritePath } from '../../src/routing/rewrite.ts'
import { RouteTable } from '../../src/routing/route-table.ts'
import { route } from './routes.ts'

function rewritten(path: string, rewrite: string | undefined, asked: string): string {
  const table = new RouteTable([route(path, rewrite === undefined ? {} : { rewrite })])
  const match = table.lookup('GET', undefined, asked)
  assert.ok(match.kind === 'match')
  return rewritePath(match, asked)
}

test('without a rewrite the path is kept byte for byte', () => {
  for (const path of ['/api', '/api/', '/api//x/%2e%2F/%zz', '/%61pi/a+b;c=d']) {
    assert.equal(rewritten('/api', undefined, path), path)
  }
})

test('the rewrite replaces the prefix and keeps the rest byte for byte', () => {
  assert.equal(rewritten('/api/products', '/products', '/api/products'), '/products')
  assert.equal(rewritten('/api/products', '/products', '/api/products/'), '/products/')
  assert.equal(rewritten('/api/products', '/products', '/api/products/a%2Fb//%E2%82%AC'), '/products/a%2Fb//%E2%82%AC')
  assert.equal(rewritten('/api/products', '/p', '/api/%70roducts/1'), '/p/1')
})

test('a rewrite to the root leaves the rest, never nothing', () => {
  assert.equal(rewritten('/api', '/', '/api'), '/')
  assert.equal(rewritten('/api', '/', '/api/'), '/')
  assert.equal(rewritten('/api', '/', '/api/x/y'), '/x/y')
})

test('a slash at the end of the rewrite is not doubled', () => {
  assert.equal(rewritten('/api', '/v2/', '/api/x'), '/v2/x')
  assert.equal(rewritten('/api', '/v2/', '/api'), '/v2/')
})

test('a route at the root puts its rewrite before the path', () => {
  assert.equal(rewritten('/', '/shop', '/x/y'), '/shop/x/y')
  assert.equal(rewritten('/', '/shop', '/'), '/shop/')
})

test('parameters go where the rewrite names them, raw', () => {
  assert.equal(rewritten('/shops/:shop/items/:item', '/v2/:item/of/:shop', '/shops/s%2F1/items/9/x'), '/v2/9/of/s%2F1/x')
  assert.equal(rewritten('/o/:id', '/orders', '/o/7/lines'), '/orders/lines')
  assert.equal(rewritten('/o/:id', '/:id', '/o/$&'), '/$&')
})
