import { defineRoutes } from '../src/config/define-routes.ts'

/** Product search and single products: reading only. */
export default defineRoutes([
  {
    name: 'products',
    path: '/api/products',
    methods: ['GET', 'HEAD'],
    upstream: 'catalog',
    rewrite: '/products'
  }
])
