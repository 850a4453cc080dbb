import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Layout, layoutOf } from '../../examples/marketplace/layout.ts'
import { loadConfig } from '../../src/config/load.ts'
import { tempFolder } from './temp-folder.ts'

async function layout(t: TestContext, text: string): Promise<Layout> {
  const file = join(await tempFolder(t), 'gateway.yaml')
  await writeFile(file, text)
  return layoutOf(await loadConfig(file))
}

test('the configuration of the demo asks for three replicas of each service, all on ports of their own', async () => {
  const { gateway, admin, replicas } = layoutOf(
    await loadConfig(fileURLToPath(new URL('../../gateway.yaml', import.meta.url)))
  )
  assert.deepEqual(
    replicas.map(({ name, port }) => `${name} ${port}`),
    [
      'catalog-1 3001, catalog-2 3002, catalog-3 3003',
      'inventory-1 3011, inventory-2 3012, inventory-3 3013',
      'orders-1 3021, orders-2 3022, orders-3 3023'
    ].flatMap((line) => line.split(', '))
  )
  assert.ok(replicas.every(({ host }) => host === '127.0.0.1'))
  assert.deepEqual([gateway.port, admin.port, admin.host], [8080, 9090, '127.0.0.1'])
})

test('a replica starts where the configuration expects it', async (t) => {
  const { gateway, admin, replicas } = await layout(
    t,
    `server: { host: 127.0.0.1, port: 4000 }
admin: { port: 4001 }
upstreams: { orders: { backends: [{ url: 'http://localhost:4002', weight: 2 }, 'http://127.0.0.1'] } }
`
  )
  assert.deepEqual(gateway, { name: 'gateway', host: '127.0.0.1', port: 4000 })
  assert.equal(admin.port, 4001)
  assert.deepEqual(replicas, [
    { kind: 'orders', name: 'orders-1', host: 'localhost', port: 4002 },
    { kind: 'orders', name: 'orders-2', host: '127.0.0.1', port: 80 }
  ])
})

test('a group that is no service of the marketplace is refused by name', async (t) => {
  await assert.rejects(
    layout(t, `upstreams: { payments: { backends: ['http://127.0.0.1:1'] } }`),
    /^Error: upstreams\.payments: expected a service of the marketplace$/
  )
})
