import type { FastifyInstance } from 'fastify'
import type { AdminContext } from './routes.ts'

/** `/healthz`: the process lives. `/readyz`: it should get traffic; 503 while it should not. */
export async function probeRoutes(app: FastifyInstance, { readiness }: AdminContext): Promise<void> {
  app.get('/healthz', () => ({ status: 'ok' }))
  app.get('/readyz', (_request, reply) => {
    const state = readiness()
    return reply.status(state.status === 'not_ready' ? 503 : 200).send(state)
  })
}
