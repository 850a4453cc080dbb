import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { PRODUCTS, PRODUCTS_BY_SKU, initialQuantity } from './data/products.ts'
import { HttpError } from './errors.ts'
import { paginate } from './paging.ts'
import { ErrorBody, Page, PageQuery, Sku, StockLevel, type TypeBoxProvider } from './schemas.ts'
import type { Store } from './store.ts'

const BySku = Type.Object({ sku: Sku })
const Quantity = Type.Object(
  { quantity: Type.Integer({ minimum: 0, maximum: 1_000_000 }) },
  { additionalProperties: false }
)

/** The inventory: how many pieces of each product are there. Replicas agree as far as they share the store. */
export async function inventory(instance: FastifyInstance, { store }: { store: Store }): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxProvider>()

  /** The stored level, or the one that the shop opened with; undefined for what the shop doesn't sell. */
  const levelOf = async (sku: string): Promise<StockLevel | undefined> => {
    const product = PRODUCTS_BY_SKU.get(sku)
    if (!product) return undefined
    return (await store.inventory.get(sku)) ?? { sku, quantity: initialQuantity(product), updatedAt: null }
  }

  app.route({
    method: 'GET',
    url: '/inventory',
    schema: {
      summary: 'List stock levels',
      tags: ['inventory'],
      querystring: Type.Object(PageQuery, { additionalProperties: false }),
      response: { 200: Page(StockLevel), 400: ErrorBody }
    },
    handler: async (request) => {
      const page = paginate(PRODUCTS, request.query.page, request.query.pageSize)
      const levels = await Promise.all(page.items.map(({ sku }) => levelOf(sku)))
      return { ...page, items: levels.filter((level) => level !== undefined) }
    }
  })

  app.route({
    method: 'GET',
    url: '/inventory/:sku',
    schema: {
      summary: 'Read a stock level',
      tags: ['inventory'],
      params: BySku,
      response: { 200: StockLevel, 400: ErrorBody, 404: ErrorBody }
    },
    handler: async (request) => {
      const level = await levelOf(request.params.sku)
      if (!level) throw new HttpError(404, 'no product has this article number')
      return level
    }
  })

  app.route({
    method: 'PUT',
    url: '/inventory/:sku',
    schema: {
      summary: 'Set a stock level',
      tags: ['inventory'],
      params: BySku,
      body: Quantity,
      response: { 200: StockLevel, 400: ErrorBody, 404: ErrorBody }
    },
    handler: async (request) => {
      const { sku } = request.params
      if (!PRODUCTS_BY_SKU.has(sku)) throw new HttpError(404, 'no product has this article number')
      const level: StockLevel = { sku, quantity: request.body.quantity, updatedAt: new Date().toISOString() }
      await store.inventory.put(sku, level)
      return level
    }
  })
}
