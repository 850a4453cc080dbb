import type { FastifyInstance } from 'fastify'
import type { AdminContext } from './routes.ts'

/** `/routes`: the route table that is served now, as configured. */
export async function routeRoutes(app: FastifyInstance, { routes }: AdminContext): Promise<void> {
  app.get('/routes', () => routes().routes)
}
