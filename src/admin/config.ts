import type { FastifyInstance } from 'fastify'
import { formatIssue } from '../config/issue.ts'
import type { AdminContext } from './routes.ts'

/** `/config/reload` and `/config/validate`: the file as it is now is applied, or only read. */
export async function configRoutes(app: FastifyInstance, { reload, validate }: AdminContext): Promise<void> {
  app.post('/config/reload', async (_request, reply) => {
    const result = await reload()
    return reply.status(result.outcome === 'failed' ? 422 : 200).send(result)
  })
  app.post('/config/validate', async () => {
    const issues = await validate()
    return {
      valid: issues.length === 0,
      errors: issues.map((issue) => ({ ...issue, text: formatIssue(issue) }))
    }
  })
}
