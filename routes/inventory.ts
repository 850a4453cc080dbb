import { defineRoutes } from '../src/config/define-routes.ts'

/** Stock levels: read, and set by PUT. */
export default defineRoutes([
  {
    name: 'inventory',
    path: '/api/inventory',
    methods: ['GET', 'HEAD', 'PUT'],
    upstream: 'inventory',
    rewrite: '/inventory'
  }
])
