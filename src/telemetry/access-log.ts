import type { FastifyReply, FastifyRequest } from 'fastify'
import { pathOf } from '../routing/lookup.ts'
import { clientFault } from '../slow-reader.ts'

/** Status that stands in the log for a client that left before it had a response (nginx's 499). */
export const CLIENT_CLOSED_REQUEST = 499

/** The fields of one access log line; times in milliseconds, sizes in bytes. */
export interface AccessLogFields {
  readonly requestId: string
  readonly traceId: string
  readonly method: string
  /** Path without the query: queries carry personal data and tokens. */
  readonly path: string
  readonly route: string | undefined
  readonly group: string | undefined
  readonly backend: string | undefined
  /** Who calls, where somebody asks. */
  readonly consumer: string | undefined
  /** How the backend that was tried last was picked, when not simply by the balancer (`ChoiceReason`). */
  readonly pick: string | undefined
  readonly attempts: number
  /** In line for a place at a backend, part of the time to the first byte; absent when it did not wait. */
  readonly waited: number | undefined
  readonly status: number
  /** Bytes of the response's body. */
  readonly bytes: number
  /** From the request's head to the response's; absent when no backend answered. */
  readonly timeToFirstByte: number | undefined
  readonly totalTime: number
  /** Why it did not go well. */
  readonly reason: string | undefined
  /** Name of the rate limit that refused it. */
  readonly limit: string | undefined
  /** Name of the rate limit that would have refused it, but only reports. */
  readonly dryRunLimit: string | undefined
}

/**
 * What the access log says of a request. Fields are picked one by one, never copied: authorization, cookies and
 * queries can't get in.
 *
 * @param now - `performance.now()`, milliseconds.
 */
export function accessLogFields(request: FastifyRequest, reply: FastifyReply, now: number): AccessLogFields {
  const { record, raw } = request
  const route = record.found?.match.route
  return {
    requestId: request.id,
    traceId: record.trace.traceId,
    method: raw.method ?? '',
    path: pathOf(record.found?.target ?? request.originalUrl.replace(AUTHORITY, '')),
    route: route?.name,
    group: record.group ?? (typeof route?.upstream === 'string' ? route.upstream : undefined),
    backend: record.backend,
    consumer: record.consumer,
    pick: record.pick,
    attempts: record.attempts,
    waited: record.waited === undefined ? undefined : rounded(record.waited),
    status: statusOf(reply),
    bytes: record.bytes || Number(reply.getHeader('content-length') ?? 0),
    timeToFirstByte:
      record.firstByteAt === undefined ? undefined : rounded(record.firstByteAt - record.startedAt),
    totalTime: rounded(now - record.startedAt),
    reason: record.reason,
    limit: record.limit,
    dryRunLimit: record.dryRunLimit
  }
}

/** Of a target in absolute form: it may hold a password. */
const AUTHORITY = /^[a-z][a-z0-9+.-]*:\/\/[^/?]*/i

/** The status that the client saw; {@link CLIENT_CLOSED_REQUEST} when it left before it saw one. */
export function statusOf(reply: FastifyReply): number {
  const { raw } = reply
  if (raw.headersSent || raw.statusCode === 101) return raw.statusCode
  // The listener answers for us.
  return clientFault(raw)?.status ?? CLIENT_CLOSED_REQUEST
}

function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000
}
