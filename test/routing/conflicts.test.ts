import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RouteConfig } from '../../src/config/types.ts'
import { findRouteConflicts } from '../../src/routing/conflicts.ts'
import { route } from './routes.ts'

function conflicts(...routes: RouteConfig[]): string[] {
  return findRouteConflicts(routes).map(
    ({ first, second, reason }) => `${first.name}, ${second.name}: ${reason}`
  )
}

test('two routes on one path are a conflict that names both and what they claim', () => {
  assert.deepEqual(conflicts(route('/a', { name: 'one' }), route('/a', { name: 'two' })), [
    'one, two: both take any method /a on any host'
  ])
})

test('a method and a host that both claim are named', () => {
  const one = route('/a', { name: 'one', methods: ['GET', 'PUT'], hosts: ['x.test', 'y.test'] })
  const two = route('/a', { name: 'two', methods: ['POST', 'PUT'], hosts: ['y.test'] })
  assert.deepEqual(conflicts(one, two), ['one, two: both take PUT /a on y.test'])
})

test('parameters of other names take the same paths', () => {
  assert.equal(conflicts(route('/o/:id'), route('/o/:order')).length, 1)
})

test('a percent-encoded literal is the same as a plain one', () => {
  assert.equal(conflicts(route('/%61'), route('/a')).length, 1)
})

test('a third route conflicts with the first, not with the second that never got the claim', () => {
  const routes = ['one', 'two', 'three'].map((name) => route('/a', { name }))
  assert.deepEqual(
    findRouteConflicts(routes).map(({ first, second }) => [first.name, second.name]),
    [
      ['one', 'two'],
      ['one', 'three']
    ]
  )
})

test('a narrower route beside a wider one is no conflict', () => {
  const wide = route('/a', { name: 'wide' })
  assert.deepEqual(conflicts(wide, route('/a', { methods: ['GET'] })), [])
  assert.deepEqual(conflicts(wide, route('/a', { hosts: ['x.test'] })), [])
  assert.deepEqual(conflicts(wide, route('/a/b'), route('/a/:x'), route('/')), [])
  assert.deepEqual(conflicts(route('/a', { hosts: ['x.test'] }), route('/a', { hosts: ['*.test'] })), [])
})

test('an encoded slash is no boundary, so its path is another', () => {
  assert.deepEqual(conflicts(route('/a%2Fb'), route('/a/b')), [])
})

test('an encoded colon is a literal, no parameter', () => {
  assert.deepEqual(conflicts(route('/%3A'), route('/:id')), [])
})
