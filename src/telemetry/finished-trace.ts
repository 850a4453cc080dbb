import type { FastifyReply, FastifyRequest } from 'fastify'
import { http2Stream } from '../raw-messages.ts'
import { accessLogFields, type AccessLogFields } from './access-log.ts'
import type { AttemptSpan } from './request-trace.ts'

/** An attempt that is over; times in milliseconds since the epoch. */
export interface FinishedAttempt {
  readonly spanId: string
  /** What was asked for, without its query. */
  readonly url: string
  readonly backend: string
  readonly pick: string | undefined
  readonly start: number
  readonly end: number
  readonly status: number | undefined
  readonly reason: string | undefined
}

/** What is exported of one request, its attempts included: plain data, as it goes from a thread to the control plane. */
export interface FinishedTrace {
  readonly traceId: string
  readonly spanId: string
  /** The client's span. */
  readonly parentId: string | undefined
  readonly state: string | undefined
  /** Milliseconds since the epoch. */
  readonly start: number
  readonly end: number
  /** What the access log says of it. */
  readonly fields: AccessLogFields
  readonly scheme: 'http' | 'https'
  /** As the client named it, with its port if it did. */
  readonly host: string | undefined
  /** Of HTTP: 1.0, 1.1 or 2.0. */
  readonly version: string
  /** The path that its route is configured with. */
  readonly routePath: string | undefined
  readonly attempts: readonly FinishedAttempt[]
}

/** Of what a client may make long, in characters: others wait behind it. */
const MOST_TEXT = 1024

/** Clocks of one instant, in milliseconds. */
export interface Instant {
  /** `performance.now()`. */
  readonly now: number
  /** Since the epoch. */
  readonly wall: number
}

/** What is exported of a request that is over; undefined when nothing is. */
export function finishedTrace(
  request: FastifyRequest,
  reply: FastifyReply,
  { now, wall }: Instant
): FinishedTrace | undefined {
  const { record, raw } = request
  const { traceId, parentId, state, recorded } = record.trace
  if (!recorded) return undefined
  const since = wall - now
  const { spanId, attempts } = recorded
  const fields = accessLogFields(request, reply, now)
  return {
    traceId,
    spanId,
    parentId,
    state,
    start: since + record.startedAt,
    end: wall,
    fields: { ...fields, path: bounded(fields.path) },
    // HTTP/2 is spoken over TLS only, and its socket may be gone by now.
    scheme: http2Stream(raw) || 'encrypted' in raw.socket ? 'https' : 'http',
    host: raw.headers.host && bounded(raw.headers.host),
    version: raw.httpVersion,
    routePath: record.found?.match.route.path,
    attempts: attempts.map((attempt) => finishedAttempt(attempt, record.reason, since, now))
  }
}

/** One that still goes on when its request is over ends with it, and for the same reason. */
function finishedAttempt(
  attempt: AttemptSpan,
  why: string | undefined,
  since: number,
  now: number
): FinishedAttempt {
  const { spanId, url, backend, pick, startedAt, endedAt, status, reason } = attempt
  return {
    spanId,
    url: bounded(url),
    backend,
    pick,
    start: since + startedAt,
    end: since + (endedAt ?? now),
    status,
    reason: reason ?? (endedAt === undefined ? why : undefined)
  }
}

function bounded(text: string): string {
  return text.length > MOST_TEXT ? text.slice(0, MOST_TEXT) : text
}
