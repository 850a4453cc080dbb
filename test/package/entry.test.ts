import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import type * as Entry from '../../index.ts'

const ROOT = join(import.meta.dirname, '../..')
const DIST = join(ROOT, 'dist')

/** The types are those of the sources: Fastify's, which both extend, can't have both. */
async function importEntry(): Promise<typeof Entry> {
  const name: string = 'xecureapi-gateway'
  return (await import(name)) as typeof Entry
}

// By the package's own name, as a program outside of the checkout imports it: what `npm test` has just built.
test('the package offers what route modules and other programs need', async () => {
  const { balancing, defineRoutes, Gateway, loadConfig, resolveDefinition } = await importEntry()
  const routes = [{ path: '/api', upstream: 'catalog' }]
  assert.equal(defineRoutes(routes), routes)
  for (const each of [Gateway.start, loadConfig, resolveDefinition, balancing]) {
    assert.equal(typeof each, 'function')
  }
})

test('every plugin can be imported by its name, and is that of the entry', async () => {
  const entry = await importEntry()
  const files = (await readdir(join(DIST, 'plugins'))).filter((file) => file.endsWith('.js'))
  assert.ok(files.length >= 20)
  for (const name of files.map((file) => file.slice(0, -'.js'.length))) {
    const plugin = (await import(`xecureapi-gateway/plugins/${name}`)) as { default: unknown }
    const camelCase = name.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase())
    assert.equal(plugin.default, Reflect.get(entry, camelCase), name)
  }
})

test('what few need is not loaded with the entry', async () => {
  const script = `
    import { registerHooks } from 'node:module'
    const urls = []
    registerHooks({ load: (url, context, next) => (urls.push(url), next(url, context)) })
    await import('xecureapi-gateway')
    process.stdout.write(JSON.stringify(urls))`
  const words = ['--input-type=module', '--eval', script]
  const { stdout } = await promisify(execFile)(process.execPath, words, { cwd: ROOT })
  const loaded = JSON.parse(stdout) as string[]
  assert.ok(loaded.some((url) => url.endsWith('/dist/plugins/forwarding.js')))
  const heavy = [
    'ajv',
    'yaml',
    'ioredis',
    'jose',
    'prom-client',
    'typebox',
    '@fastify/http-proxy',
    '@fastify/helmet'
  ]
  for (const name of heavy) {
    assert.ok(!loaded.some((url) => url.includes(`/node_modules/${name}/`)), name)
  }
})

test('the package has the dashboard as it is served, with the licences of what is in it, and none of its sources', async () => {
  const files = await readdir(join(DIST, 'dashboard'), { recursive: true })
  const shape = files.map((file) => file.replace(/-[\w-]+(?=\.\w+$)/, '-HASH')).toSorted()
  assert.deepEqual(shape, [
    'LICENSES.md',
    'assets',
    'assets/icon-HASH.svg',
    'assets/index-HASH.css',
    'assets/index-HASH.js',
    'index.html'
  ])
  assert.ok(!existsSync(join(DIST, 'src/dashboard')))
})
