import { failureReason } from './health/failure-reason.ts'

/** The reason, as data, that stands for whatever `fetch` throws, or the reading of its answer. */
export function fetchFailure(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') return 'timeout'
  const cause = error instanceof Error && error.cause ? error.cause : error
  // What undici calls a connection that was closed amid an answer.
  return (cause as NodeJS.ErrnoException).code === 'UND_ERR_SOCKET' ? 'reset' : failureReason(cause)
}
