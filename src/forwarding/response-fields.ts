import type { FastifyReply, FastifyRequest } from 'fastify'
import type { RouteConfig } from '../config/types.ts'
import { rewrittenPrefix } from '../routing/rewrite.ts'
import type { Backend } from '../upstreams/backend.ts'
import { isChanged, responseChanges, type ResponseChanges } from './header-changes.ts'
import { connectionOptions, isHopByHop } from './hop-by-hop.ts'
import { isLoadReport } from './load-report.ts'
import type { PrefixMapping } from './map-back.ts'
import type { ResponseHeaderOptions } from './response-headers.ts'

/** What the forwarded header of a response to this request depends on, whichever HTTP the client speaks. */
export function responseHeaderOptions(
  request: FastifyRequest,
  reply: FastifyReply,
  route: RouteConfig,
  backend?: Backend,
  sessionCookie?: string
): ResponseHeaderOptions {
  return {
    own: reply.getHeaders(),
    requestId: request.id,
    sessionCookie,
    reporter: backend,
    mapping: backend && prefixMapping(request, route, backend),
    changes: responseChanges(route)
  }
}

function prefixMapping(
  request: FastifyRequest,
  route: RouteConfig,
  backend: Backend
): PrefixMapping | undefined {
  if (route.rewrite === undefined) return undefined
  const { match, target } = request.record.found!
  return {
    publicPrefix: target.slice(0, match.prefixLength),
    backendPrefix: rewrittenPrefix(match),
    backendOrigin: backend.url,
    publicHost: request.raw.headers.host
  }
}

/** What of an interim response's header, or of trailers, is not the gateway's to say. */
export function endToEndFields(headers: readonly string[], changes: ResponseChanges | undefined): string[] {
  const named = connectionOptions(headers)
  const out: string[] = []
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index]!.toLowerCase()
    if (name === 'x-request-id' || isHopByHop(name, named) || isLoadReport(name)) continue
    if (isChanged(name, changes)) continue
    out.push(headers[index]!, headers[index + 1]!)
  }
  return out
}

/** Whether a response is a stream of server-sent events. */
export function isEventStream(headers: readonly string[]): boolean {
  return /^text\/event-stream/i.test(valueOf('content-type', headers) ?? '')
}

/** The first value of a field. @param name - In lower case. */
export function valueOf(name: string, headers: readonly string[]): string | undefined {
  for (let index = 0; index < headers.length; index += 2) {
    if (headers[index]!.length === name.length && headers[index]!.toLowerCase() === name)
      return headers[index + 1]
  }
  return undefined
}
