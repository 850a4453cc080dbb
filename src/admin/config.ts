import type { FastifyInstance } from 'fastify'
import { formatIssue } from '../config/issue.ts'
import { audit } from './audit.ts'
import { redactedConfig } from './redacted-config.ts'
import type { AdminContext } from './routes.ts'

/** `/config`: what serves; `/config/reload` and `/config/validate`: the file as it is now is applied, or only read. */
export async function configRoutes(app: FastifyInstance, context: AdminContext): Promise<void> {
  const { config, reload, validate } = context
  app.get('/config', { schema: { summary: 'The configuration that serves, without its secrets.' } }, () =>
    redactedConfig(config())
  )
  app.post(
    '/config/reload',
    { schema: { summary: 'Applies the file as it is now: 200, or 422 with every error.' } },
    async (request, reply) => {
      const result = await reload()
      audit(request, { action: 'reload', outcome: result.outcome })
      return reply.status(result.outcome === 'failed' ? 422 : 200).send(result)
    }
  )
  app.post('/config/validate', { schema: { summary: 'Every error of the file as it is now.' } }, async () => {
    const issues = await validate()
    return {
      valid: issues.length === 0,
      errors: issues.map((issue) => ({ ...issue, text: formatIssue(issue) }))
    }
  })
}
