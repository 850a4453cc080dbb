import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PageOf } from '../../examples/marketplace/paging.ts'
import type { StockLevel } from '../../examples/marketplace/schemas.ts'
import { memoryStore } from '../../examples/marketplace/store.ts'
import { call, startReplica } from './replica.ts'

test('every product has a stock level from the start', async (t) => {
  const origin = await startReplica(t, 'inventory')
  const { body } = await call<PageOf<StockLevel>>('GET', `${origin}/inventory?pageSize=100`)
  assert.equal(body.items.length, 60)
  assert.ok(body.items.every(({ quantity, updatedAt }) => quantity > 0 && updatedAt === null))
})

test('a quantity that was put is read back, singly and in the list', async (t) => {
  const origin = await startReplica(t, 'inventory')
  const put = await call<StockLevel>('PUT', `${origin}/inventory/HOM-001`, { quantity: 7 })
  assert.equal(put.status, 200)
  assert.equal(put.headers.get('x-served-by'), 'inventory-1')
  assert.equal(put.body.quantity, 7)
  assert.ok(put.body.updatedAt !== null && !Number.isNaN(Date.parse(put.body.updatedAt)))
  const get = await call<StockLevel>('GET', `${origin}/inventory/HOM-001`)
  assert.deepEqual(get.body, put.body)
  const list = await call<PageOf<StockLevel>>('GET', `${origin}/inventory?pageSize=100`)
  assert.deepEqual(
    list.body.items.find(({ sku }) => sku === 'HOM-001'),
    put.body
  )
})

test('replicas that share a store show the same stock', async (t) => {
  const store = memoryStore()
  const one = await startReplica(t, 'inventory', { store })
  const two = await startReplica(t, 'inventory', { name: 'inventory-2', store })
  await call('PUT', `${one}/inventory/BOO-004`, { quantity: 3 })
  const { body, headers } = await call<StockLevel>('GET', `${two}/inventory/BOO-004`)
  assert.equal(body.quantity, 3)
  assert.equal(headers.get('x-served-by'), 'inventory-2')
})

test('an article number that the shop does not have is 404, one that is none is 400', async (t) => {
  const origin = await startReplica(t, 'inventory')
  assert.equal((await call('GET', `${origin}/inventory/XXX-999`)).status, 404)
  assert.equal((await call('PUT', `${origin}/inventory/XXX-999`, { quantity: 1 })).status, 404)
  assert.equal((await call('GET', `${origin}/inventory/..%2Forders`)).status, 400)
})

for (const body of [
  {},
  { quantity: -1 },
  { quantity: 1.5 },
  { quantity: '5' },
  { quantity: null },
  { quantity: 1, x: 1 }
]) {
  test(`a stock level of ${JSON.stringify(body)} is refused and changes nothing`, async (t) => {
    const origin = await startReplica(t, 'inventory')
    const put = await call<{ message: string }>('PUT', `${origin}/inventory/HOM-001`, body)
    assert.equal(put.status, 400)
    assert.match(put.body.message, /^body/)
    assert.equal((await call<StockLevel>('GET', `${origin}/inventory/HOM-001`)).body.updatedAt, null)
  })
}
