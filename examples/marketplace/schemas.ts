import { type Static, type TSchema, Type } from 'typebox'
import type { FastifyTypeProvider } from 'fastify'

/** Gives handlers the types of their route's TypeBox schemas. */
export interface TypeBoxProvider extends FastifyTypeProvider {
  validator: this['schema'] extends TSchema ? Static<this['schema']> : unknown
  serializer: this['schema'] extends TSchema ? Static<this['schema']> : unknown
}

/** An amount of money: whole cents, because binary fractions lose some. */
export const Money = Type.Object({ cents: Type.Integer({ minimum: 0 }), currency: Type.Literal('EUR') })
export type Money = Static<typeof Money>

/** Article number: three letters of the category and a running number. */
export const Sku = Type.String({
  pattern: '^[A-Z]{3}-[0-9]{3}$',
  description: 'Article number, such as HOM-001.'
})

export const Product = Type.Object({
  id: Type.String(),
  sku: Sku,
  name: Type.String(),
  category: Type.String(),
  description: Type.String(),
  price: Money
})
export type Product = Static<typeof Product>

export const StockLevel = Type.Object({
  sku: Sku,
  quantity: Type.Integer({ minimum: 0 }),
  updatedAt: Type.Union([Type.String({ format: 'date-time' }), Type.Null()], {
    description: 'When the quantity was last set; null as long as nobody has.'
  })
})
export type StockLevel = Static<typeof StockLevel>

export const OrderStatus = Type.Union([
  Type.Literal('placed'),
  Type.Literal('shipped'),
  Type.Literal('cancelled')
])
export type OrderStatus = Static<typeof OrderStatus>

export const OrderLine = Type.Object({
  sku: Sku,
  name: Type.String(),
  quantity: Type.Integer({ minimum: 1 }),
  price: Money,
  total: Money
})
export type OrderLine = Static<typeof OrderLine>

export const Order = Type.Object({
  id: Type.String(),
  status: OrderStatus,
  items: Type.Array(OrderLine),
  total: Money,
  createdAt: Type.String({ format: 'date-time' }),
  updatedAt: Type.String({ format: 'date-time' })
})
export type Order = Static<typeof Order>

/** The query of every list; pages start at 1. */
export const PageQuery = {
  page: Type.Integer({ minimum: 1, maximum: 1_000_000, default: 1 }),
  pageSize: Type.Integer({ minimum: 1, maximum: 100, default: 20 })
}

/** One page of a list, with what a client needs to ask for the others. */
export function Page<T extends TSchema>(item: T) {
  return Type.Object({
    items: Type.Array(item),
    page: Type.Integer(),
    pageSize: Type.Integer(),
    total: Type.Integer({ description: 'Items on all pages.' }),
    pages: Type.Integer()
  })
}

/** Fastify's own shape of an error. */
export const ErrorBody = Type.Object({
  statusCode: Type.Integer(),
  code: Type.Optional(Type.String()),
  error: Type.String(),
  message: Type.String()
})
