import { STATUS_CODES } from 'node:http'

/** Media type of {@link Problem} (RFC 9457 section 3). */
export const PROBLEM_TYPE = 'application/problem+json'

/** What a client sees of an error: RFC 9457 members plus the request id, never an address or a stack. */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly requestId: string
  /** What of the request is wrong, where that is known. */
  readonly errors?: readonly RequestFault[]
}

/** Something wrong with a request. */
export interface RequestFault {
  /** JSON Pointer (RFC 6901) into `{ path, query, header, cookie, body }`, such as `/query/page` or `/body/items/0`. */
  readonly pointer: string
  readonly detail: string
}

/**
 * Makes a problem document; the title is the status' reason phrase and `type` is `about:blank`
 * (RFC 9457 section 4.2.1: no more than the status code says).
 */
export function problem(
  status: number,
  detail: string,
  requestId: string,
  errors?: readonly RequestFault[]
): Problem {
  const title = STATUS_CODES[status] ?? 'Error'
  return { type: 'about:blank', title, status, detail, requestId, ...(errors && { errors }) }
}

/** An error with the answer that the client gets for it. Its message is the client's `detail`. */
export class ProblemError extends Error {
  readonly statusCode: number
  /** Machine-readable cause for logs and metrics. */
  readonly reason: string
  readonly headers: Readonly<Record<string, string>>
  /** What of the request is wrong. */
  readonly errors: readonly RequestFault[] | undefined

  constructor(
    statusCode: number,
    reason: string,
    detail: string,
    headers: Readonly<Record<string, string>> = {},
    errors?: readonly RequestFault[]
  ) {
    // It is an answer, not a fault: nobody reads where it was made, and to find that out is a tenth of a refusal's cost.
    const { stackTraceLimit } = Error
    Error.stackTraceLimit = 0
    super(detail)
    Error.stackTraceLimit = stackTraceLimit
    this.name = 'ProblemError'
    this.statusCode = statusCode
    this.reason = reason
    this.headers = headers
    this.errors = errors
  }
}

/** The answer to a request for which there is no route. */
export function noRoute(): ProblemError {
  return new ProblemError(404, 'no_route', 'Nothing is served at this address.')
}

/**
 * The answer to a method that the address does not take.
 *
 * @param allow - Those that it does take (RFC 9110 section 10.2.1).
 */
export function methodNotAllowed(method: string, allow: readonly string[]): ProblemError {
  const detail = `This address does not take ${method}.`
  return new ProblemError(405, 'method_not_allowed', detail, { allow: allow.join(', ') })
}

/**
 * The answer to a request that is wrong in itself. Its connection ends: where the next request begins is not certain.
 *
 * @param reason - Machine-readable, for logs and metrics.
 */
export function badRequest(reason: string, detail: string): ProblemError {
  return new ProblemError(400, reason, detail, { connection: 'close' })
}
