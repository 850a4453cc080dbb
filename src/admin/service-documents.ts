import type { FastifyInstance } from 'fastify'
import type { AdminContext } from './routes.ts'

/** `/openapi`: what is known of the services' documents, and what of them is in the composed one. */
export async function serviceDocumentRoutes(
  app: FastifyInstance,
  { documents }: Pick<AdminContext, 'documents'>
): Promise<void> {
  const summary = "The groups' OpenAPI documents, and what of them is served on the public port."
  app.get('/openapi', { schema: { summary } }, () => documents())
}
