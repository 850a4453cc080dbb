import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BACKEND_LAYOUT, backendKey } from '../../src/upstreams/backend.ts'
import { buildGroups } from '../../src/upstreams/group.ts'
import { LiveTable } from '../../src/upstreams/live-table.ts'
import { check, group } from './groups.ts'

test('groups are built with their settings and with backends in the order of the configuration', () => {
  const table = new LiveTable(BACKEND_LAYOUT, 1)
  table.grow(3)
  const slots = new Map([
    [backendKey('catalog', 'http://b'), 2],
    [backendKey('catalog', 'http://a'), 0],
    [backendKey('orders', 'http://a'), 1]
  ])
  const healthCheck = check()
  const configs = [group('catalog', ['b', 'a'], { healthCheck }), group('orders', ['a'])]
  const groups = buildGroups(configs, (key) => slots.get(key), table, 0)
  assert.deepEqual([...groups.keys()], ['catalog', 'orders'])
  const catalog = groups.get('catalog')!
  assert.equal(catalog.settings.healthCheck, healthCheck)
  assert.ok(!('backends' in catalog.settings))
  assert.deepEqual(
    catalog.backends.map(({ id, group: of, slot }) => [id, of, slot]),
    [
      ['b:80', 'catalog', 2],
      ['a:80', 'catalog', 0]
    ]
  )
})

test('a backend without live state is an error that names it', () => {
  const table = new LiveTable(BACKEND_LAYOUT, 1)
  assert.throws(
    () => buildGroups([group('catalog', ['a'])], () => undefined, table, 0),
    /http:\/\/a.*catalog/
  )
})
