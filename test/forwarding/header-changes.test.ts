import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isChanged, responseChanges } from '../../src/forwarding/header-changes.ts'
import {
  forwardedResponseHeaders,
  type ResponseHeaderOptions
} from '../../src/forwarding/response-headers.ts'
import { endToEndFields } from '../../src/forwarding/response-fields.ts'
import { CORS } from '../access/cors.ts'
import { route } from '../routing/routes.ts'

const HEADERS = { response: { set: { server: 'shop', 'access-control-allow-origin': '*' }, remove: ['x-a'] } }

test('a route without policies changes what it says, and nothing else', () => {
  const changes = { ...HEADERS, request: { set: {}, remove: [] } }
  assert.equal(responseChanges(route('/', { headers: changes })), HEADERS.response)
  assert.equal(responseChanges(route('/')), undefined)
  assert.equal(isChanged('access-control-allow-origin', undefined), false)
})

test('CORS fields of a route with cors are neither the backend’s nor those of headers', () => {
  const headers = { ...HEADERS, request: { set: {}, remove: [] } }
  const changes = responseChanges(route('/', { cors: CORS, headers }))!
  assert.deepEqual(changes.set, { server: 'shop' })
  const backend = ['Access-Control-Allow-Origin', '*', 'ACCESS-CONTROL-ANYTHING', '1', 'X-A', '1', 'X-B', '2']
  assert.deepEqual(endToEndFields(backend, changes), ['X-B', '2'])
  const own = { 'access-control-allow-origin': 'https://a' } as ResponseHeaderOptions['own']
  assert.deepEqual(forwardedResponseHeaders(backend, { own, requestId: '1', changes }), [
    'X-B',
    '2',
    'access-control-allow-origin',
    'https://a',
    'server',
    'shop',
    'X-Request-Id',
    '1'
  ])
})

test('a route with securityHeaders does not tell what its backends run on', () => {
  const changes = responseChanges(route('/', { securityHeaders: {} }))!
  const backend = ['X-Powered-By', 'PHP', 'Access-Control-Allow-Origin', '*']
  assert.deepEqual(endToEndFields(backend, changes), ['Access-Control-Allow-Origin', '*'])
})

test('what the route sets replaces what hooks have set, so that no field comes twice', () => {
  const own = { 'x-frame-options': 'SAMEORIGIN', 'x-other': '1' } as unknown as ResponseHeaderOptions['own']
  const changes = { set: { 'x-frame-options': 'DENY' }, remove: [] }
  assert.deepEqual(forwardedResponseHeaders(['X-Frame-Options', 'ALLOW'], { own, requestId: '1', changes }), [
    'x-other',
    '1',
    'x-frame-options',
    'DENY',
    'X-Request-Id',
    '1'
  ])
})
