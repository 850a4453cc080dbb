import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { suite, test } from 'node:test'
import { loadConfig } from '../../src/config/load.ts'
import { loadError } from './load-errors.ts'
import { temporaryFolder } from './temporary-folder.ts'

const YAML = [
  'upstreams: { catalog: { backends: [http://a] } }',
  'routes: [{ path: /, upstream: catalog }]',
  'routesDir: ./routes',
  ''
].join('\n')

const DEFINE_ROUTES = pathToFileURL(join(import.meta.dirname, '../../src/config/define-routes.ts')).href

function route(path: string): string {
  return `{ path: '${path}', upstream: 'catalog' }`
}

suite('modules of routesDir', () => {
  test('come after the routes of the file, in the order of their names', async (t) => {
    const folder = await temporaryFolder(t, {
      'gateway.yaml': YAML,
      'routes/orders.js': `module.exports = [${route('/orders')}]`,
      'routes/inventory.mjs': `export default [${route('/inventory')}]`,
      'routes/products.ts': [
        `import { defineRoutes } from '${DEFINE_ROUTES}'`,
        '',
        'export default defineRoutes([',
        `  ${route('/products')},`,
        "  { name: 'reviews', path: '/products/:id/reviews', methods: ['GET'], upstream: 'catalog' }",
        '])'
      ].join('\n')
    })
    const { routes, routesDir } = await loadConfig(join(folder, 'gateway.yaml'))
    assert.equal(routesDir, join(folder, 'routes'))
    assert.deepEqual(
      routes.map(({ name, source }) => `${name} ${source.replace(`${folder}/`, '')}`),
      [
        'root gateway.yaml:2',
        'inventory routes/inventory.mjs:1',
        'orders routes/orders.js:1',
        'products routes/products.ts:4',
        'reviews routes/products.ts:5'
      ]
    )
  })

  test('are no declarations, tests, folders or other files', async (t) => {
    const folder = await temporaryFolder(t, {
      'gateway.yaml': YAML,
      'routes/types.d.ts': 'export default 1',
      'routes/products.test.ts': 'export default 1',
      'routes/products.test.mjs': 'export default 1',
      'routes/README.md': 'no module',
      'routes/folder.ts/index.ts': 'export default 1'
    })
    assert.equal((await loadConfig(join(folder, 'gateway.yaml'))).routes.length, 1)
  })

  test('are imported again only when their content changed', async (t) => {
    const name = `imports${process.hrtime.bigint()}`
    const counting = `globalThis.${name} = (globalThis.${name} ?? 0) + 1\n`
    const imports = () => (globalThis as Record<string, unknown>)[name]
    const folder = await temporaryFolder(t, {
      'gateway.yaml': YAML,
      'routes/products.ts': `${counting}export default [${route('/products')}]`
    })
    const load = async () => (await loadConfig(join(folder, 'gateway.yaml'))).routes.map(({ path }) => path)

    assert.deepEqual(await load(), ['/', '/products'])
    assert.deepEqual(await load(), ['/', '/products'])
    assert.equal(imports(), 1)

    await writeFile(join(folder, 'routes/products.ts'), `${counting}export default [${route('/v2')}]`)
    assert.deepEqual(await load(), ['/', '/v2'])
    assert.deepEqual(await load(), ['/', '/v2'])
    assert.equal(imports(), 2)
  })

  test('are imported again when their content changed, CommonJS as well', async (t) => {
    const folder = await temporaryFolder(t, {
      'gateway.yaml': YAML,
      'routes/products.js': `module.exports = [${route('/products')}]`
    })
    await loadConfig(join(folder, 'gateway.yaml'))
    await writeFile(join(folder, 'routes/products.js'), `module.exports = [${route('/v2')}]`)
    const { routes } = await loadConfig(join(folder, 'gateway.yaml'))
    assert.equal(routes[1]?.path, '/v2')
  })

  test('that failed are tried again, because what they import may be there now', async (t) => {
    const folder = await temporaryFolder(t, {
      'gateway.yaml': YAML,
      'routes/products.mjs': `import { group } from '../group.mjs'\nexport default [{ path: '/p', upstream: group }]`
    })
    const { issues } = await loadError(join(folder, 'gateway.yaml'))
    assert.match(
      issues[0]?.message ?? '',
      /^expected a module that can be imported, got the error "Cannot find module/
    )
    await writeFile(join(folder, 'group.mjs'), "export const group = 'catalog'")
    const { routes } = await loadConfig(join(folder, 'gateway.yaml'))
    assert.equal(routes[1]?.upstream, 'catalog')
  })

  test('that threw are tried again, because the reason may be gone', async (t) => {
    const folder = await temporaryFolder(t, {
      'gateway.yaml': YAML,
      'routes/products.mjs': [
        "import { readFileSync } from 'node:fs'",
        "const path = readFileSync(new URL('../path', import.meta.url), 'utf8')",
        "export default [{ path, upstream: 'catalog' }]"
      ].join('\n')
    })
    const { issues } = await loadError(join(folder, 'gateway.yaml'))
    assert.equal(issues[0]?.line, 2)
    await writeFile(join(folder, 'path'), '/late')
    const { routes } = await loadConfig(join(folder, 'gateway.yaml'))
    assert.equal(routes[1]?.path, '/late')
  })

  test('may export frozen routes, which are not changed', async (t) => {
    const folder = await temporaryFolder(t, {
      'gateway.yaml': YAML,
      'routes/products.mjs': `export default Object.freeze([Object.freeze(${route('/products/')})])`
    })
    const { routes } = await loadConfig(join(folder, 'gateway.yaml'))
    assert.equal(routes[1]?.path, '/products')
  })
})
