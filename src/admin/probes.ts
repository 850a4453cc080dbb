import type { FastifyInstance } from 'fastify'
import type { AdminContext } from './routes.ts'

/** Who asks whether it lives has no token, and learns nothing else. */
const OPEN = { config: { isOpen: true } }

/** `/healthz`: the process lives. `/readyz`: it should get traffic; 503 while it should not. */
export async function probeRoutes(app: FastifyInstance, { readiness }: AdminContext): Promise<void> {
  app.get('/healthz', OPEN, () => ({ status: 'ok' }))
  app.get('/readyz', OPEN, (_request, reply) => {
    const state = readiness()
    return reply.status(state.status === 'not_ready' ? 503 : 200).send(state)
  })
}
