import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PRODUCTS } from '../../examples/marketplace/data/products.ts'
import type { PageOf } from '../../examples/marketplace/paging.ts'
import type { Product } from '../../examples/marketplace/schemas.ts'
import { call, startReplica } from './replica.ts'

test('the range has 60 products with unique ids and article numbers and prices in whole cents', () => {
  assert.equal(PRODUCTS.length, 60)
  assert.equal(new Set(PRODUCTS.map(({ id }) => id)).size, 60)
  assert.equal(new Set(PRODUCTS.map(({ sku }) => sku)).size, 60)
  assert.ok(PRODUCTS.every(({ price }) => Number.isInteger(price.cents) && price.cents > 0))
})

test('a search without criteria gives the first twenty products and says how many there are', async (t) => {
  const origin = await startReplica(t, 'catalog')
  const { status, headers, body } = await call<PageOf<Product>>('GET', `${origin}/products`)
  assert.equal(status, 200)
  assert.equal(headers.get('x-served-by'), 'catalog-1')
  assert.deepEqual(
    { ...body, items: body.items.length },
    { items: 20, page: 1, pageSize: 20, total: 60, pages: 3 }
  )
})

test('walking through the pages gives every product once', async (t) => {
  const origin = await startReplica(t, 'catalog')
  const ids: string[] = []
  for (let page = 1; page <= 9; page++) {
    const { body } = await call<PageOf<Product>>('GET', `${origin}/products?page=${page}&pageSize=7`)
    ids.push(...body.items.map(({ id }) => id))
  }
  assert.deepEqual(
    ids,
    PRODUCTS.map(({ id }) => id)
  )
})

test('a page behind the last one is empty', async (t) => {
  const origin = await startReplica(t, 'catalog')
  const { status, body } = await call<PageOf<Product>>('GET', `${origin}/products?page=99`)
  assert.equal(status, 200)
  assert.deepEqual(body.items, [])
  assert.equal(body.total, 60)
})

test('a search finds products that contain all words, whatever the case, within a category', async (t) => {
  const origin = await startReplica(t, 'catalog')
  const lamps = await call<PageOf<Product>>('GET', `${origin}/products?q=LAMP`)
  assert.ok(lamps.body.total > 3)
  assert.ok(
    lamps.body.items.every((item) => `${item.name} ${item.description}`.toLowerCase().includes('lamp'))
  )
  const reading = await call<PageOf<Product>>('GET', `${origin}/products?q=lamp+dimmable&category=home`)
  assert.deepEqual(
    reading.body.items.map(({ name }) => name),
    ['Reading Lamp']
  )
})

test('a product is found by its id', async (t) => {
  const origin = await startReplica(t, 'catalog')
  const { status, body } = await call<Product>('GET', `${origin}/products/42`)
  assert.equal(status, 200)
  assert.deepEqual(body, PRODUCTS[41])
})

test('an unknown product and an unknown path are 404 and name the replica', async (t) => {
  const origin = await startReplica(t, 'catalog')
  for (const path of ['/products/4711', '/nowhere']) {
    const { status, headers } = await call('GET', origin + path)
    assert.equal(status, 404, path)
    assert.equal(headers.get('x-served-by'), 'catalog-1', path)
  }
})

for (const query of ['page=0', 'page=two', 'pageSize=101', 'pageSize=1.5', 'colour=red']) {
  test(`a search with ${query} is refused`, async (t) => {
    const origin = await startReplica(t, 'catalog')
    const { status, body } = await call<{ message: string }>('GET', `${origin}/products?${query}`)
    assert.equal(status, 400)
    assert.match(body.message, /^querystring/)
  })
}
