import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PageOf } from '../../examples/marketplace/paging.ts'
import type { Order } from '../../examples/marketplace/schemas.ts'
import { call, startReplica } from './replica.ts'

const TWO_LAMPS = { items: [{ sku: 'HOM-001', quantity: 2 }] }

test('an order is priced from the range, placed, and found under its location', async (t) => {
  const origin = await startReplica(t, 'orders')
  const placed = await call<Order>('POST', `${origin}/orders`, {
    items: [...TWO_LAMPS.items, { sku: 'BOO-009', quantity: 1 }]
  })
  assert.equal(placed.status, 201)
  assert.equal(placed.body.status, 'placed')
  assert.deepEqual(
    placed.body.items.map(({ name, total }) => [name, total.cents]),
    [
      ['Reading Lamp', 11_980],
      ['The Lamp Lighter', 990]
    ]
  )
  assert.deepEqual(placed.body.total, { cents: 12_970, currency: 'EUR' })
  const location = new URL(placed.headers.get('location') ?? '', `${origin}/orders`)
  assert.deepEqual((await call<Order>('GET', location.href)).body, placed.body)
})

test('a placed order is shipped or cancelled, once', async (t) => {
  const origin = await startReplica(t, 'orders')
  for (const [verb, status, other] of [
    ['ship', 'shipped', 'cancel'],
    ['cancel', 'cancelled', 'ship']
  ] as const) {
    const { body: placed } = await call<Order>('POST', `${origin}/orders`, TWO_LAMPS)
    const done = await call<Order>('POST', `${origin}/orders/${placed.id}/${verb}`)
    assert.equal(done.status, 200)
    assert.equal(done.body.status, status)
    assert.equal((await call('POST', `${origin}/orders/${placed.id}/${other}`)).status, 409)
    assert.equal((await call<Order>('GET', `${origin}/orders/${placed.id}`)).body.status, status)
  }
})

test('orders are listed page by page', async (t) => {
  const origin = await startReplica(t, 'orders')
  const ids = new Set<string>()
  for (let n = 0; n < 3; n++) ids.add((await call<Order>('POST', `${origin}/orders`, TWO_LAMPS)).body.id)
  const first = await call<PageOf<Order>>('GET', `${origin}/orders?pageSize=2`)
  const second = await call<PageOf<Order>>('GET', `${origin}/orders?pageSize=2&page=2`)
  assert.equal(first.body.total, 3)
  assert.equal(first.body.pages, 2)
  assert.deepEqual(new Set([...first.body.items, ...second.body.items].map(({ id }) => id)), ids)
})

test('an unknown order is 404, an id that is none is 400', async (t) => {
  const origin = await startReplica(t, 'orders')
  const { body } = await call<Order>('POST', `${origin}/orders`, TWO_LAMPS)
  const unknown = body.id.slice(0, -8) + 'zzzzzzzz'
  assert.equal((await call('GET', `${origin}/orders/${unknown}`)).status, 404)
  assert.equal((await call('POST', `${origin}/orders/${unknown}/cancel`)).status, 404)
  assert.equal((await call('GET', `${origin}/orders/7`)).status, 400)
})

for (const [body, status] of [
  [{}, 400],
  [{ items: [] }, 400],
  [{ items: [{ sku: 'HOM-001', quantity: 0 }] }, 400],
  [{ items: [{ sku: 'lamp', quantity: 1 }] }, 400],
  [{ items: [{ sku: 'XXX-999', quantity: 1 }] }, 422]
] as const) {
  test(`an order of ${JSON.stringify(body)} is answered ${status} and not kept`, async (t) => {
    const origin = await startReplica(t, 'orders')
    assert.equal((await call('POST', `${origin}/orders`, body)).status, status)
    assert.equal((await call<PageOf<Order>>('GET', `${origin}/orders`)).body.total, 0)
  })
}
