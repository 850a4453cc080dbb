import { randomBytes } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { type Static, Type } from 'typebox'
import { PRODUCTS_BY_SKU } from './data/products.ts'
import { HttpError } from './errors.ts'
import { paginate } from './paging.ts'
import {
  ErrorBody,
  Order,
  type OrderLine,
  type OrderStatus,
  Page,
  PageQuery,
  Sku,
  type TypeBoxProvider
} from './schemas.ts'
import type { Store } from './store.ts'

const ById = Type.Object({ id: Type.String({ pattern: '^ord-[0-9a-z]{17}$' }) })
const NewOrder = Type.Object(
  {
    items: Type.Array(
      Type.Object(
        { sku: Sku, quantity: Type.Integer({ minimum: 1, maximum: 100 }) },
        { additionalProperties: false }
      ),
      { minItems: 1, maxItems: 50 }
    )
  },
  { additionalProperties: false }
)

/** Order processing: placed, then shipped or cancelled. Replicas agree as far as they share the store. */
export async function orders(instance: FastifyInstance, { store }: { store: Store }): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxProvider>()

  const orderOf = async (id: string): Promise<Order> => {
    const order = await store.orders.get(id)
    if (!order) throw new HttpError(404, 'no order has this id')
    return order
  }

  app.route({
    method: 'POST',
    url: '/orders',
    schema: {
      summary: 'Place an order',
      tags: ['orders'],
      body: NewOrder,
      response: { 201: Order, 400: ErrorBody, 422: ErrorBody }
    },
    handler: async (request, reply) => {
      const order = newOrder(request.body, new Date())
      await store.orders.put(order.id, order)
      // Relative to the request's own path, so it is right behind a gateway that serves another prefix, too.
      return reply.code(201).header('location', `orders/${order.id}`).send(order)
    }
  })

  app.route({
    method: 'GET',
    url: '/orders',
    schema: {
      summary: 'List orders, newest first',
      tags: ['orders'],
      querystring: Type.Object(PageQuery, { additionalProperties: false }),
      response: { 200: Page(Order), 400: ErrorBody }
    },
    handler: async (request) => {
      const newestFirst = (await store.orders.keys()).toReversed()
      const page = paginate(newestFirst, request.query.page, request.query.pageSize)
      return { ...page, items: await Promise.all(page.items.map(orderOf)) }
    }
  })

  app.route({
    method: 'GET',
    url: '/orders/:id',
    schema: {
      summary: 'Read an order',
      tags: ['orders'],
      params: ById,
      response: { 200: Order, 400: ErrorBody, 404: ErrorBody }
    },
    handler: async (request) => orderOf(request.params.id)
  })

  const steps: readonly { verb: string; to: OrderStatus; summary: string }[] = [
    { verb: 'ship', to: 'shipped', summary: 'Ship a placed order' },
    { verb: 'cancel', to: 'cancelled', summary: 'Cancel a placed order' }
  ]
  for (const { verb, to, summary } of steps) {
    app.route({
      method: 'POST',
      url: `/orders/:id/${verb}`,
      schema: {
        summary,
        tags: ['orders'],
        params: ById,
        response: { 200: Order, 400: ErrorBody, 404: ErrorBody, 409: ErrorBody }
      },
      handler: async (request) => {
        const order = await orderOf(request.params.id)
        if (order.status !== 'placed')
          throw new HttpError(409, `the order is ${order.status}, expected placed`)
        const next: Order = { ...order, status: to, updatedAt: new Date().toISOString() }
        await store.orders.put(next.id, next)
        return next
      }
    })
  }
}

/** Prices an order by the shop's range. */
function newOrder({ items }: Static<typeof NewOrder>, now: Date): Order {
  const lines = items.map(({ sku, quantity }): OrderLine => {
    const product = PRODUCTS_BY_SKU.get(sku)
    if (!product) throw new HttpError(422, `no product has the article number ${sku}`)
    const { name, price } = product
    return { sku, name, quantity, price, total: { ...price, cents: price.cents * quantity } }
  })
  return {
    id: newId(now),
    status: 'placed',
    items: lines,
    total: { cents: lines.reduce((sum, line) => sum + line.total.cents, 0), currency: 'EUR' },
    createdAt: now.toISOString(),
    updatedAt: now.toISOString()
  }
}

/** Time first, so that ids sort by age; then chance, since replicas can't agree on a running number. */
function newId(now: Date): string {
  return `ord-${now.getTime().toString(36).padStart(9, '0')}${randomBytes(4).toString('hex')}`
}
