import type { NobodyReason } from '../balancing/group-balancer.ts'
import { badRequest, ProblemError } from '../problem.ts'
import type { FailureReason } from './connection.ts'

/** Failures that the gateway finds by itself: a deadline that passed. */
export type DeadlineReason = 'idle_timeout' | 'total_timeout'

const TIMEOUTS: ReadonlySet<string> = new Set([
  'connect_timeout',
  'response_timeout',
  'idle_timeout',
  'total_timeout'
])

/** The answer to a client whose request failed at the backends: 504 for their timeouts, 502 for all else. */
export function failureProblem(reason: FailureReason | DeadlineReason): ProblemError {
  return TIMEOUTS.has(reason)
    ? new ProblemError(504, reason, 'The service did not answer in time.')
    : new ProblemError(502, reason, 'The service could not be reached or broke off its answer.')
}

/** Why no backend is tried for a request. */
export type Nobody = NobodyReason | 'queue_full' | 'queue_timeout' | 'circuit_open' | 'overloaded'

const NOBODY: Readonly<Record<Nobody, string>> = {
  no_usable_backend: 'The service has no healthy server right now.',
  all_tried: 'The service has no healthy server right now.',
  at_capacity: 'The service has as much to do as it can right now.',
  queue_full: 'The service has as much to do as it can right now.',
  queue_timeout: 'The service has as much to do as it can right now.',
  circuit_open: 'The service fails too often right now.',
  overloaded: 'The service has as much to do as it can right now.'
}

/**
 * The answer when no backend may be tried.
 *
 * @param retryAfter - Seconds until it is worth another try.
 */
export function nobodyProblem(reason: Nobody, retryAfter: number): ProblemError {
  return new ProblemError(503, reason, NOBODY[reason], { 'retry-after': String(retryAfter) })
}

/** The answer to a WebSocket client whose service speaks HTTP/2, where that is another protocol (RFC 8441). */
export function noWebSocket(): ProblemError {
  return new ProblemError(501, 'upgrade_unsupported', 'The service does not speak WebSocket.')
}

/** The answer to a client whose response is to be collected first, and is too large for that. */
export function tooLarge(): ProblemError {
  return new ProblemError(502, 'response_too_large', 'The answer of the service is too large.')
}

/** The answer to a client whose body can't be passed on as it is; its connection ends with it. */
export function badUpload(): ProblemError {
  return badRequest('bad_body', 'The body of the request is not valid.')
}

/** The answer to a client whose body is larger than it may be; its connection ends with it. */
export function bodyTooLarge(): ProblemError {
  return new ProblemError(413, 'body_too_large', 'The body of the request is too large.', {
    connection: 'close'
  })
}

/** The answer to a client that does not go on with its request; its connection ends with it. */
export function clientTooSlow(): ProblemError {
  return new ProblemError(408, 'client_too_slow', 'The request did not arrive in time.', {
    connection: 'close'
  })
}
