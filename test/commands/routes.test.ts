import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { folderWith, SHOP, xecureapi } from './xecureapi.ts'

describe('xecureapi routes', { concurrency: 2 }, () => {
  test('prints the route table', async (t) => {
    const cwd = await folderWith(t, SHOP)
    const { code, stdout, stderr } = await xecureapi(['routes'], { cwd })
    assert.deepEqual([code, stderr], [0, ''])
    assert.deepEqual(
      stdout.split('\n').map((line) => line.split(/ {2,}/)),
      [
        ['NAME', 'HOSTS', 'METHODS', 'PATH', 'UPSTREAM', 'REWRITE', 'SOURCE'],
        ['products', '*', 'GET,HEAD', '/api/products', 'catalog', '/products', 'gateway.yaml:12'],
        ['orders', '*', '*', '/api/orders/:id', 'orders', 'gateway.yaml:13'],
        ['root', 'shop.test,*.shop.test', '*', '/', 'catalog', 'gateway.yaml:14'],
        ['']
      ]
    )
  })

  test('shows the groups of a split with their weights', async (t) => {
    const split = '[{ group: catalog, weight: 95 }, { group: orders, weight: 5 }]'
    const cwd = await folderWith(t, `${SHOP}  - { path: /split, upstream: ${split} }\n`)
    const { code, stdout, stderr } = await xecureapi(['routes'], { cwd })
    assert.deepEqual([code, stderr], [0, ''])
    assert.match(stdout, /^split +\* +\* +\/split +catalog:95,orders:5 /m)
  })

  test('an invalid configuration has no route table', async (t) => {
    const cwd = await folderWith(t, 'routes: [{ path: /a, upstream: nobody }]')
    const { code, stdout, stderr } = await xecureapi(['routes'], { cwd })
    assert.deepEqual([code, stdout], [1, ''])
    assert.match(stderr, /^gateway\.yaml:1: routes\[0\]\.upstream: /)
  })
})
