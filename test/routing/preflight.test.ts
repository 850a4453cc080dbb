import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findRoute, isPreflight } from '../../src/routing/lookup.ts'
import { RouteTable } from '../../src/routing/route-table.ts'
import { CORS, SHOP } from '../access/cors.ts'
import { route } from './routes.ts'

const TABLE = new RouteTable([
  route('/a', { name: 'get', methods: ['GET'], cors: CORS }),
  route('/a', { name: 'post', methods: ['POST'] }),
  route('/', { name: 'any' }),
  route('/only', { name: 'only', methods: ['PUT'], cors: CORS, hosts: ['shop.test'] })
])

/** The name of the route that an OPTIONS with these fields finds, else the status. */
function found(url: string, fields: Record<string, string>, method = 'OPTIONS'): string {
  const headers = { host: 'gateway.test', ...fields }
  const lookup = findRoute(TABLE, {
    method,
    url,
    httpVersion: '1.1',
    headers,
    rawHeaders: Object.entries(headers).flat()
  })
  return 'match' in lookup ? lookup.match.route.name : String(lookup.refusal.statusCode)
}

const asks = (method: string) => ({ origin: SHOP, 'access-control-request-method': method })

test('a preflight finds the route of the method that it asks for, if that has cors', () => {
  assert.equal(found('/a/x?y', asks('GET')), 'get')
  assert.equal(found('/a', asks('POST')), 'any')
  assert.equal(found('/a', asks('DELETE')), 'any')
  assert.equal(found('/a', asks('get')), 'any')
  assert.equal(found('/b', asks('GET')), 'any')
  assert.equal(found('/only', { ...asks('PUT'), host: 'shop.test' }), 'only')
  assert.equal(found('/a/../b', asks('GET')), '400')
})

test('a preflight that no route is for is refused as any OPTIONS', () => {
  const table = new RouteTable([route('/a', { methods: ['GET'], cors: CORS })])
  const headers = { host: 'h', ...asks('PUT') }
  const request = { method: 'OPTIONS', url: '/a', httpVersion: '1.1', headers, rawHeaders: [] }
  const lookup = findRoute(table, { ...request, rawHeaders: ['host', 'h'] })
  assert.equal('refusal' in lookup && lookup.refusal.statusCode, 405)
})

test('an OPTIONS without an origin or a method to ask for is no preflight, nor is any other method', () => {
  assert.equal(found('/a', { origin: SHOP }), 'any')
  assert.equal(found('/a', { 'access-control-request-method': 'GET' }), 'any')
  assert.equal(found('/a', asks('POST'), 'GET'), 'get')
  assert.equal(isPreflight({ method: 'options', headers: asks('GET') }), false)
})
