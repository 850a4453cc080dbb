import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'

// By the package's own name, as a program outside of the checkout imports it: what `npm test` has just built.
test('the package offers what route modules and other programs need', async () => {
  const { defineRoutes, Gateway, loadConfig } = await import('xecureapi-gateway')
  const routes = [{ path: '/api', upstream: 'catalog' }]
  assert.equal(defineRoutes(routes), routes)
  assert.equal(typeof Gateway.start, 'function')
  assert.equal(typeof loadConfig, 'function')
})

test('every plugin can be imported by its name', async () => {
  for (const name of [
    'upstream-registry',
    'routing',
    'balancing',
    'health-checks',
    'forwarding',
    'access-log'
  ]) {
    const plugin = (await import(`xecureapi-gateway/plugins/${name}`)) as { default: unknown }
    assert.equal(typeof plugin.default, 'function', name)
  }
})

test('the package has the dashboard as it is served, with the licences of what is in it, and none of its sources', async () => {
  const dist = join(import.meta.dirname, '../dist')
  const files = await readdir(join(dist, 'dashboard'), { recursive: true })
  const shape = files.map((file) => file.replace(/-[\w-]+(?=\.\w+$)/, '-HASH')).toSorted()
  assert.deepEqual(shape, [
    'LICENSES.md',
    'assets',
    'assets/icon-HASH.svg',
    'assets/index-HASH.css',
    'assets/index-HASH.js',
    'index.html'
  ])
  assert.ok(!existsSync(join(dist, 'src/dashboard')))
})
