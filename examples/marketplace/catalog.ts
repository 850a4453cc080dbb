import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { PRODUCTS } from './data/products.ts'
import { HttpError } from './errors.ts'
import { paginate } from './paging.ts'
import { ErrorBody, Page, PageQuery, Product, type TypeBoxProvider } from './schemas.ts'

const SearchQuery = Type.Object(
  {
    q: Type.Optional(
      Type.String({ maxLength: 100, description: 'Words that name or description must contain.' })
    ),
    category: Type.Optional(Type.String({ maxLength: 50 })),
    ...PageQuery
  },
  { additionalProperties: false }
)

/** The catalog: product search with paging, and single products. It only reads, so replicas need share nothing. */
export async function catalog(instance: FastifyInstance): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxProvider>()

  app.route({
    method: 'GET',
    url: '/products',
    schema: {
      summary: 'Search products',
      tags: ['products'],
      querystring: SearchQuery,
      response: { 200: Page(Product), 400: ErrorBody }
    },
    handler: async (request) => {
      const { q, category, page, pageSize } = request.query
      return paginate(search(q, category), page, pageSize)
    }
  })

  app.route({
    method: 'GET',
    url: '/products/:id',
    schema: {
      summary: 'Read one product',
      tags: ['products'],
      params: Type.Object({ id: Type.String({ maxLength: 20 }) }),
      response: { 200: Product, 404: ErrorBody }
    },
    handler: async (request) => {
      const product = PRODUCTS.find(({ id }) => id === request.params.id)
      if (!product) throw new HttpError(404, 'no product has this id')
      return product
    }
  })
}

/** Products of the category that contain every word, whatever the case. */
function search(q: string | undefined, category: string | undefined): Product[] {
  const words = (q ?? '').toLowerCase().split(/\s+/).filter(Boolean)
  return PRODUCTS.filter((product) => {
    if (category !== undefined && product.category !== category.toLowerCase()) return false
    const text = `${product.name} ${product.description}`.toLowerCase()
    return words.every((word) => text.includes(word))
  })
}
