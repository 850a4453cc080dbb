import type { FastifyRequest } from 'fastify'
import { requestIdentity } from '../telemetry/trace-of.ts'

/** What an operator did. */
export interface AuditedAction {
  readonly action: 'register' | 'change' | 'remove' | 'reload' | 'confirm' | 'restore' | 'log_level'
  readonly group?: string
  /** Id of the backend. */
  readonly backend?: string
  /** As it was, and as it is; null = it was not there. */
  readonly before?: object | null
  readonly after?: object | null
  readonly outcome?: string
}

/** One line of the log for each change: who asked for it, by the name of its token, and what became of it. */
export function audit(request: FastifyRequest, action: AuditedAction): void {
  const { operator, server, raw } = request
  const address = raw.socket?.remoteAddress
  server.log.info(
    { audit: true, operator: operator ?? null, address, ...requestIdentity(request), ...action },
    'changed by the admin API'
  )
}
