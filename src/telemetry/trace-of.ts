import type { FastifyRequest } from 'fastify'
import type { RequestRecord } from './request-record.ts'
import { RequestTrace } from './request-trace.ts'

/** Traces of requests that nobody keeps a record of: those of the admin API, and those that Fastify itself refuses. */
const others = new WeakMap<FastifyRequest, RequestTrace>()

/** The trace that a request belongs to, in whichever app; the same each time. */
export function traceOf(request: FastifyRequest): RequestTrace {
  const { record } = request as { readonly record?: RequestRecord }
  if (record) return record.trace
  let trace = others.get(request)
  if (!trace) others.set(request, (trace = new RequestTrace(request.raw.headers)))
  return trace
}

/** What every line about a request says, so that it can be found. */
export function requestIdentity(request: FastifyRequest): {
  readonly requestId: string
  readonly traceId: string
} {
  return { requestId: request.id, traceId: traceOf(request).traceId }
}
