import { defineRoutes } from '../src/config/define-routes.ts'

/** Order processing: placed, shipped and cancelled by POST. */
export default defineRoutes([
  {
    name: 'orders',
    path: '/api/orders',
    methods: ['GET', 'HEAD', 'POST'],
    upstream: 'orders',
    rewrite: '/orders'
  }
])
