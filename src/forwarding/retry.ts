import type { FailureReason } from './connection.ts'

/** Methods whose repetition changes nothing more (RFC 9110 section 9.2.2). */
const IDEMPOTENT: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'OPTIONS',
  'PUT',
  'DELETE',
  'PROPFIND',
  'QUERY'
])

/** What is known when an attempt failed before any response. */
export interface FailedAttempt {
  readonly method: string
  readonly hasBody: boolean
  readonly reason: FailureReason
  /** Whether the backend may have seen some of the request. */
  readonly sent: boolean
  /** Attempts that failed after something was sent, this one included. */
  readonly resets: number
}

/**
 * Whether a failed request goes to another backend. Without a connection no request was transmitted, so that is
 * always safe. A connection that broke (a kept-alive one closed in the same moment, a backend that died) is worth one
 * more attempt when repeating can do no harm and there is no body that is gone.
 */
export function mayRetry(failed: FailedAttempt): boolean {
  if (!failed.sent) return true
  return failed.reason === 'reset' && failed.resets === 1 && !failed.hasBody && IDEMPOTENT.has(failed.method)
}
