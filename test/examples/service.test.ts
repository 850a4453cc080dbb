import assert from 'node:assert/strict'
import { test } from 'node:test'
import { call, startReplica } from './replica.ts'

const PATHS = {
  catalog: ['/healthz', '/products', '/products/{id}'],
  inventory: ['/healthz', '/inventory', '/inventory/{sku}'],
  orders: ['/healthz', '/orders', '/orders/{id}', '/orders/{id}/cancel', '/orders/{id}/ship']
} as const

for (const kind of ['catalog', 'inventory', 'orders'] as const) {
  test(`a well ${kind} replica says so and names itself`, async (t) => {
    const origin = await startReplica(t, kind)
    const { status, headers, body } = await call('GET', `${origin}/healthz`)
    assert.equal(status, 200)
    assert.equal(headers.get('x-served-by'), `${kind}-1`)
    assert.deepEqual(body, { status: 'ok', name: `${kind}-1` })
  })

  test(`the OpenAPI document of ${kind} has all its paths and none of the switches`, async (t) => {
    const origin = await startReplica(t, kind)
    const { status, body } = await call<{ openapi: string; info: { title: string }; paths: object }>(
      'GET',
      `${origin}/openapi.json`
    )
    assert.equal(status, 200)
    assert.equal(body.openapi, '3.1.0')
    assert.equal(body.info.title, `Marketplace ${kind}`)
    assert.deepEqual(Object.keys(body.paths).sort(), PATHS[kind])
  })
}
