import type { FastifyInstance } from 'fastify'
import { LOG_LEVELS, type LogLevel } from '../config/types.ts'
import { audit } from './audit.ts'
import type { AdminContext } from './routes.ts'

const LEVEL = {
  type: 'object',
  additionalProperties: false,
  required: ['level'],
  properties: { level: { enum: LOG_LEVELS, description: 'The least severe lines that are written.' } }
} as const

/** `/log`: the level of the log in all threads. */
export async function logRoutes(app: FastifyInstance, { logLevels }: AdminContext): Promise<void> {
  app.get(
    '/log',
    { schema: { summary: 'The level of the log, and what is configured.' } },
    () => logLevels.view
  )
  app.put<{ Body: { level: LogLevel } }>(
    '/log',
    { schema: { summary: 'Changes the level of the log until the configured one changes.', body: LEVEL } },
    (request) => {
      const before = logLevels.view.level
      const { level } = request.body
      const change = { action: 'log_level', before: { level: before }, after: { level } } as const
      // Told while such lines are written, be it the last one or the first.
      const isLast = LOG_LEVELS.indexOf(level) > LOG_LEVELS.indexOf('info')
      if (isLast && level !== before) audit(request, change)
      logLevels.choose(level)
      if (!isLast && level !== before) audit(request, change)
      return logLevels.view
    }
  )
}
