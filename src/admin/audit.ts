import type { FastifyRequest } from 'fastify'

/** What an operator did. */
export interface AuditedAction {
  readonly action: 'register' | 'change' | 'remove' | 'reload' | 'confirm' | 'restore'
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
  const { operator, server, id: requestId, raw } = request
  server.log.info(
    { audit: true, operator: operator ?? null, address: raw.socket?.remoteAddress, requestId, ...action },
    'changed by the admin API'
  )
}
