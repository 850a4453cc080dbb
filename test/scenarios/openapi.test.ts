import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import type { JsonObject } from '../../src/openapi/json.ts'
import { crashWorker, CRASHING_WORKER } from '../helpers/crash-worker.ts'
import { collectEvents, readAdmin, startGateway, WORKER_COUNTS } from '../helpers/gateway.ts'
import { until } from '../helpers/until.ts'
import { marketplace } from '../openapi/marketplace.ts'

for (const workers of WORKER_COUNTS) {
  suite(`the marketplace's document, ${workers} workers`, () => {
    test('is composed of the services, valid, and the same from every thread', async (t) => {
      const { gateway, url } = await startGateway(t, await marketplace(t), { workers })
      const events = collectEvents(gateway, 'openapi')
      const response = await fetch(`${url}/openapi.json`)
      assert.equal(response.status, 200)
      assert.equal(response.headers.get('content-type'), 'application/json')
      const document = (await response.json()) as JsonObject
      assert.deepEqual(Object.keys(document['paths'] as object), [
        '/api/products',
        '/api/products/{id}',
        '/api/inventory',
        '/api/inventory/{sku}',
        '/api/orders',
        '/api/orders/{id}',
        '/api/orders/{id}/ship',
        '/api/orders/{id}/cancel'
      ])
      assert.deepEqual(await new Validator().validate(structuredClone(document)), { valid: true })
      assert.deepEqual(events.map(({ group, state }) => `${group} ${state}`).toSorted(), [
        'catalog composed',
        'inventory composed',
        'orders composed'
      ])
      const etags = await Promise.all(
        Array.from({ length: 20 }, async () => {
          const again = await fetch(`${url}/openapi.json`, { headers: { connection: 'close' } })
          await again.arrayBuffer()
          return again.headers.get('etag')
        })
      )
      assert.deepEqual([...new Set(etags)], [response.headers.get('etag')])
      const unchanged = await fetch(`${url}/openapi.json`, { headers: { 'if-none-match': etags[0]! } })
      assert.equal(unchanged.status, 304)
      assert.equal(await unchanged.text(), '')
      const page = await fetch(`${url}/docs`)
      assert.equal(page.status, 200)
      assert.match(page.headers.get('content-security-policy')!, /^default-src 'none'; script-src 'self';/)
      assert.equal((await fetch(`${url}/docs/static/swagger-ui-bundle.js`)).status, 200)
      const shown = await fetch(`${url}/docs/json`)
      assert.equal(shown.headers.get('etag'), etags[0])
      const view = await readAdmin<{ groups: { group: string; composed: number }[] }>(gateway, '/api/openapi')
      assert.deepEqual(
        view.groups.map(({ group, composed }) => [group, composed]),
        [
          ['catalog', 2],
          ['inventory', 3],
          ['orders', 5]
        ]
      )
    })
  })
}

suite('the document over reloads', () => {
  test('follows the routes, keeps what it knows of the services, and never leaves a checked route without', async (t) => {
    const config = await marketplace(t)
    const { gateway, url, write } = await startGateway(t, config, { workers: 2 })
    const paths = async (): Promise<string[]> => {
      const response = await fetch(`${url}/openapi.json`)
      return Object.keys(((await response.json()) as { paths: object }).paths)
    }
    // A start waits for the services' documents for a moment only.
    await until('all have told theirs', async () => (await paths()).length === 8)
    const events = collectEvents(gateway, 'openapi')
    const before = events.length
    const routes = [
      {
        path: '/v2/orders',
        upstream: 'orders',
        rewrite: '/orders',
        methods: ['GET'],
        validateRequests: true
      },
      { path: '/docs', upstream: 'catalog', rewrite: '/products' }
    ]
    await write({ ...config, routes })
    assert.equal((await gateway.reload('admin')).outcome, 'applied')
    const statuses = new Set<number>()
    await until('the document follows', async () => {
      statuses.add((await fetch(`${url}/v2/orders?page=0`)).status)
      return (await paths()).includes('/v2/orders/{id}')
    })
    assert.deepEqual([...statuses], [400])
    assert.deepEqual(await paths(), ['/v2/orders', '/v2/orders/{id}', '/docs', '/docs/{id}'])
    // A route of the user's wins.
    const taken = (await (await fetch(`${url}/docs`)).json()) as { items: unknown[] }
    assert.ok(taken.items.length > 0)
    assert.equal(events.length, before)
    await write({ ...config, docs: { enabled: false } })
    await gateway.reload('admin')
    assert.equal((await fetch(`${url}/openapi.json`)).status, 404)
    assert.equal((await fetch(`${url}/docs`)).status, 404)
  })

  test('is the same from a worker that came back', async (t) => {
    const { gateway, url } = await startGateway(t, await marketplace(t), {
      workers: 1,
      workerEntry: CRASHING_WORKER
    })
    const etag = async (): Promise<string | null> =>
      await fetch(`${url}/openapi.json`).then(
        (response) => response.headers.get('etag'),
        () => null
      )
    const before = await etag()
    assert.ok(before)
    const workers = collectEvents(gateway, 'worker')
    crashWorker({ row: 0, what: 'throw' })
    await until('it serves again', () => workers.some(({ state }) => state === 'serving'))
    assert.equal(await etag(), before)
  })
})
