import type { FastifyRequest } from 'fastify'
import type { UpstreamRequest } from './connection.ts'
import { forwardedRequestHeaders, forwardedRequestTrailers } from './request-headers.ts'
import type { ForwardingTarget } from './targets.ts'

/** What of an upstream request its attempt decides. */
export interface AttemptDetails extends Pick<UpstreamRequest, 'target' | 'body' | 'progress' | 'fresh'> {
  /** Whether the client still waits for a 100. */
  readonly awaitsContinue: boolean
  /** Whether it asks for another protocol. */
  readonly isUpgrade: boolean
  /** Of the attempt's span. */
  readonly spanId: string
}

/** A client's request as it goes to a backend. */
export function upstreamRequest(
  { raw, id: requestId, record }: FastifyRequest,
  { group, route, sessions, trusted, consumer }: ForwardingTarget,
  { target, body, progress, fresh, awaitsContinue, isUpgrade, spanId }: AttemptDetails
): UpstreamRequest {
  const { hostHeader, forwardedHeader } = group.settings
  const changes = route.headers?.request
  return {
    method: raw.method ?? 'GET',
    target,
    headers: forwardedRequestHeaders(raw, {
      hostHeader,
      forwardedHeader,
      requestId,
      trace: record.trace.fields(spanId),
      trusted,
      expectsContinue: awaitsContinue,
      sessionCookie: sessions?.cookie,
      changes,
      consumer,
      known: record
    }),
    body,
    progress,
    trailers: () => forwardedRequestTrailers(raw.rawTrailers, changes, consumer),
    upgrade: isUpgrade ? raw.headers.upgrade : undefined,
    fresh
  }
}
