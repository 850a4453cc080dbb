import assert from 'node:assert/strict'
import { test } from 'node:test'
import openapi from '../../plugins/openapi.ts'
import requestValidation from '../../plugins/request-validation.ts'
import type { JsonObject } from '../../src/openapi/json.ts'
import { until } from '../helpers/until.ts'
import { startService } from '../openapi/marketplace.ts'
import { route } from '../routing/routes.ts'
import { group } from '../upstreams/groups.ts'
import { plainApp } from './plain-app.ts'

test('an ordinary Fastify app serves the document of its services, and checks requests by it', async (t) => {
  const origin = await startService(t, 'orders')
  const { url } = await plainApp(t, {
    upstreams: [group('orders', [new URL(origin).host], { openapi: '/openapi.json' })],
    routes: [route('/shop/orders', { upstream: 'orders', rewrite: '/orders', validateRequests: true })],
    own: async (app) => {
      await app.register(openapi)
      await app.register(requestValidation)
    }
  })
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as JsonObject
  assert.deepEqual(Object.keys(document['paths'] as object), [
    '/shop/orders',
    '/shop/orders/{id}',
    '/shop/orders/{id}/ship',
    '/shop/orders/{id}/cancel'
  ])
  assert.match(await (await fetch(`${url}/docs/`)).text(), /swagger-ui/)
  const order = async (items: unknown): Promise<Response> =>
    await fetch(`${url}/shop/orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ items })
    })
  // A busy machine may take longer than a start waits. The page has a default.
  await until('the document is known', async () => (await fetch(`${url}/shop/orders`)).status === 200)
  const wrong = await order([{ sku: 'none', quantity: 0 }])
  assert.equal(wrong.status, 400)
  const { errors } = (await wrong.json()) as { errors: { pointer: string }[] }
  assert.deepEqual(
    errors.map(({ pointer }) => pointer),
    ['/body/items/0/sku', '/body/items/0/quantity']
  )
  assert.equal((await order([{ sku: 'HOM-001', quantity: 1 }])).status, 201)
})
