import type { FastifyRequest } from 'fastify'
import { ProblemError } from '../problem.ts'

/** The entity tag (RFC 9110 section 8.8.3) of what has this version. */
export function etagOf(version: number): string {
  return `"${version}"`
}

/**
 * The version that a change expects, as its If-Match says (RFC 9110 section 13.1.1); undefined when it says nothing, or
 * that any will do.
 *
 * @throws {ProblemError} 400 when it is none that this API gave.
 */
export function expectedVersion({ headers }: FastifyRequest): number | undefined {
  const given = headers['if-match']
  if (given === undefined || given.trim() === '*') return undefined
  const [, version] = /^\s*"(\d{1,15})"\s*$/.exec(given) ?? []
  if (version !== undefined) return Number(version)
  throw new ProblemError(400, 'invalid_request', 'If-Match must be one ETag of this API, such as "7", or *.')
}
