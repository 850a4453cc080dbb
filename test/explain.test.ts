import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addressBlocks } from '../src/address-blocks.ts'
import { type Explanation, explain } from '../src/explain.ts'
import { RouteTable } from '../src/routing/route-table.ts'
import { UpstreamRegistry } from '../src/upstreams/registry.ts'
import { route } from './routing/routes.ts'
import { apply, check, group } from './upstreams/groups.ts'

const registry = new UpstreamRegistry({ now: () => 1000 })
apply(
  registry,
  [
    group('catalog', ['a', 'b'], { healthCheck: check() }),
    group('orders', ['c']),
    group('empty', []),
    group('canary', ['d'])
  ],
  1
)
registry.observe({ group: 'catalog', id: 'b:80', healthy: false, reason: 'timeout' })
registry.find('catalog', 'a:80')!.acquire()

const table = new RouteTable([
  route('/api/products', { methods: ['GET'], upstream: 'catalog', rewrite: '/products' }),
  route('/shops/:shop', { upstream: 'orders', rewrite: '/s/:shop' }),
  route('/empty', { upstream: 'empty' }),
  route('/bound', { upstream: 'orders', hosts: ['shop.test'] }),
  route('/split', {
    upstream: [
      { group: 'canary', weight: 5 },
      { group: 'orders', weight: 95 }
    ]
  })
])

function ask(method: string, url: string, headers: Record<string, string> = {}): Explanation {
  return explain({ table, registry, trusted: addressBlocks([]) }, { method, url, headers })
}

function targetOf(url: string): string | undefined {
  const explanation = ask('GET', url)
  return 'target' in explanation ? explanation.target : undefined
}

test('a forwarded request is explained by route, group, balancer and every backend with its reason', () => {
  assert.deepEqual(ask('GET', '/api/products/42?q=1'), {
    method: 'GET',
    url: '/api/products/42?q=1',
    outcome: 'forward',
    route: { name: '/api/products', path: '/api/products', source: 'gateway.yaml:1' },
    params: {},
    target: '/products/42?q=1',
    group: 'catalog',
    balancing: 'round-robin',
    split: null,
    key: null,
    session: null,
    breaker: null,
    panic: false,
    waiting: 0,
    tiers: [{ tier: 0, share: 1, panic: false }],
    backends: [
      {
        id: 'a:80',
        url: 'http://a',
        weight: 1,
        tier: 0,
        state: 'active',
        accepted: true,
        reason: 'initial',
        health: 'healthy',
        healthReason: 'initial',
        share: 1,
        inFlight: 1,
        maxInFlight: 0
      },
      {
        id: 'b:80',
        url: 'http://b',
        weight: 1,
        tier: 0,
        state: 'active',
        accepted: false,
        reason: 'ill',
        health: 'unhealthy',
        healthReason: 'timeout',
        share: 0,
        inFlight: 0,
        maxInFlight: 0
      }
    ]
  })
})

test('without a route it is 404, with the wrong method 405 and what is allowed', () => {
  assert.deepEqual(ask('GET', '/x'), { method: 'GET', url: '/x', outcome: 'no_route', status: 404 })
  assert.deepEqual(ask('PUT', '/api/products'), {
    method: 'PUT',
    url: '/api/products',
    outcome: 'method_not_allowed',
    status: 405,
    allow: ['GET']
  })
})

test('a group with nobody to send to is said to have no usable backend', () => {
  assert.equal(ask('GET', '/empty').outcome, 'no_usable_backend')
})

test('parameters are shown raw, as they go into the target', () => {
  const explanation = ask('GET', '/shops/a%2Fb/items?x')
  assert.ok('params' in explanation)
  assert.deepEqual(explanation.params, { shop: 'a%2Fb' })
  assert.equal(explanation.target, '/s/a%2Fb/items?x')
})

test('the query is kept as it was written', () => {
  assert.equal(targetOf('/api/products?a=1?b=2'), '/products?a=1?b=2')
  assert.equal(targetOf('/api/products?'), '/products?')
})

test('an absolute URL brings its host, a Host header goes before it', () => {
  assert.equal(ask('GET', '/bound').outcome, 'no_route')
  assert.equal(ask('GET', 'http://shop.test:8080/bound').outcome, 'forward')
  assert.equal(ask('GET', '/bound', { host: 'SHOP.test' }).outcome, 'forward')
  assert.equal(ask('GET', 'https://shop.test/bound', { host: 'other.test' }).outcome, 'no_route')
})

test('an absolute URL without a path asks for the root', () => {
  for (const url of ['http://shop.test', 'http://shop.test?x=1'])
    assert.equal(ask('GET', url).outcome, 'no_route')
  const root = new RouteTable([route('/', { upstream: 'orders' })])
  const explanation = explain(
    { table: root, registry, trusted: addressBlocks([]) },
    { method: 'GET', url: 'http://shop.test?x=1', headers: {} }
  )
  assert.equal('target' in explanation && explanation.target, '/?x=1')
})

test('a route over several groups is explained by its parts and the one that takes the request', () => {
  const explanation = ask('GET', '/split')
  assert.ok('split' in explanation)
  assert.equal(explanation.group, 'orders')
  assert.deepEqual(explanation.split, {
    reason: 'chance',
    key: null,
    parts: [
      { group: 'canary', weight: 5, share: 0.05, chosen: false },
      { group: 'orders', weight: 95, share: 0.95, chosen: true }
    ]
  })
})
