import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import type { JsonObject } from '../../src/openapi/json.ts'
import { collectEvents, readAdmin, startGateway, WORKER_COUNTS } from '../helpers/gateway.ts'
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
