import { ProblemError } from '../problem.ts'
import type { FailureReason } from './connection.ts'

/** The answer to a client whose request failed at the backends: 504 for their timeouts, 502 for all else. */
export function failureProblem(reason: FailureReason): ProblemError {
  const timedOut = reason === 'connect_timeout' || reason === 'response_timeout'
  return timedOut
    ? new ProblemError(504, reason, 'The service did not answer in time.')
    : new ProblemError(502, reason, 'The service could not be reached or broke off its answer.')
}

/**
 * The answer when no backend may be tried.
 *
 * @param retryAfter - Seconds until it is worth another try.
 */
export function noUsableBackend(retryAfter: number): ProblemError {
  const headers = { 'retry-after': String(retryAfter) }
  return new ProblemError(503, 'no_usable_backend', 'The service has no healthy server right now.', headers)
}
