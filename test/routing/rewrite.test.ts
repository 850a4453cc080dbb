import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rewritePath, rewriteTarget } from '../../src/routing/rewrite.ts'
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
  assert.equal(
    rewritten('/api/products', '/products', '/api/products/a%2Fb//%E2%82%AC'),
    '/products/a%2Fb//%E2%82%AC'
  )
  assert.equal(rewritten('/api/products', '/p', '/api/%70roducts/1'), '/p/1')
})

test('a rewrite to the root leaves the rest, never nothing', () => {
  assert.equal(rewritten('/api', '/', '/api'), '/')
  assert.equal(rewritten('/api', '/', '/api/'), '/')
  assert.equal(rewritten('/api', '/', '/api/x/y'), '/x/y')
})

test('a slash at the end of the rewrite stands where nothing is behind it, and is never doubled', () => {
  assert.equal(rewritten('/api', '/v2/', '/api/x'), '/v2/x')
  assert.equal(rewritten('/api', '/v2/', '/api/'), '/v2/')
  assert.equal(rewritten('/api', '/v2/', '/api'), '/v2/')
})

test('`*` asks about the server and is no path', () => {
  assert.equal(rewritten('/', '/v2', '*'), '*')
})

test('a route at the root puts its rewrite before the path', () => {
  assert.equal(rewritten('/', '/shop', '/x/y'), '/shop/x/y')
  assert.equal(rewritten('/', '/shop', '/'), '/shop/')
})

test('parameters go where the rewrite names them, raw', () => {
  assert.equal(
    rewritten('/shops/:shop/items/:item', '/v2/:item/of/:shop', '/shops/s%2F1/items/9/x'),
    '/v2/9/of/s%2F1/x'
  )
  assert.equal(rewritten('/o/:id', '/orders', '/o/7/lines'), '/orders/lines')
  assert.equal(rewritten('/o/:id', '/:id', '/o/$&'), '/$&')
})

test('the query of a target is kept as it came', () => {
  const table = new RouteTable([route('/api', { rewrite: '/v2' }), route('/kept')])
  for (const [asked, expected] of [
    ['/api/x?a=1&b=%20?c', '/v2/x?a=1&b=%20?c'],
    ['/api?', '/v2?'],
    ['/api/x', '/v2/x'],
    ['/kept?x=/api', '/kept?x=/api']
  ] as const) {
    const match = table.lookup('GET', undefined, asked.split('?')[0]!)
    assert.ok(match.kind === 'match')
    assert.equal(rewriteTarget(match, asked), expected)
  }
})
