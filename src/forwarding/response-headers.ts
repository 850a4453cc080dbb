import type { FastifyReply } from 'fastify'
import type { HeaderChanges } from '../config/types.ts'
import { isChanged, type ResponseChanges } from './header-changes.ts'
import { connectionOptions, isHopByHop } from './hop-by-hop.ts'
import { isLoadReport, type LoadReporter, takeLoadReport } from './load-report.ts'
import { mapCookiePath, mapLocation, type PrefixMapping } from './map-back.ts'
import { mergedVary } from './vary.ts'

/** What a response's forwarded header depends on besides the response itself. */
export interface ResponseHeaderOptions {
  /** What hooks have set on the reply; it replaces the backend's, but for Vary, which adds to it. */
  readonly own: ReturnType<FastifyReply['getHeaders']>
  readonly requestId: string
  readonly status?: number
  /** Whether a body may follow in chunks, as far as the client is concerned; by default it may. */
  readonly mayBeChunked?: boolean
  /** The Set-Cookie of the client's session: beside the backend's own, whatever else is set or removed. */
  readonly sessionCookie?: string | undefined
  /** Who takes the load report; without one it is only left out. */
  readonly reporter?: LoadReporter | undefined
  /** How public paths and the backend's differ; undefined when they don't. */
  readonly mapping?: PrefixMapping | undefined
  /** What the route sets and removes. What it sets replaces what hooks have set too. */
  readonly changes?: ResponseChanges | undefined
}

/**
 * The header that goes to the client: the backend's in its order and spelling, without what ends at this hop,
 * Location and cookie paths mapped back, then what the gateway's own hooks have set, the session and the request id.
 * A backend's load report is taken out on the way.
 *
 * @param headers - Names and values in turn.
 */
export function forwardedResponseHeaders(
  headers: readonly string[],
  options: ResponseHeaderOptions
): string[] {
  const { mapping, changes } = options
  const own = isEmpty(options.own) ? undefined : options.own
  const named = connectionOptions(headers)
  const out: string[] = []
  let hasLength = false
  let hasTrailer = false
  const vary: string[] = []
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index]!.toLowerCase()
    if (isHopByHop(name, named) || name === 'x-request-id') continue
    const value = headers[index + 1]!
    if (isLoadReport(name)) {
      if (options.reporter) takeLoadReport(name, value, options.reporter)
      continue
    }
    if (isChanged(name, changes)) continue
    if (own && Object.hasOwn(own, name)) {
      if (name === 'vary') vary.push(value)
      continue
    }
    if (name === 'content-length') {
      // RFC 9110 section 8.6: a 204 has none.
      if (options.status === 204) continue
      hasLength = true
    } else if (name === 'trailer') hasTrailer = true
    out.push(headers[index]!, mapping ? mapValue(name, value, mapping) : value)
  }
  // Only chunks have trailers.
  if (hasTrailer && (hasLength || options.mayBeChunked === false)) removeField(out, 'trailer')
  if (own) pushOwn(out, own, vary, changes?.set)
  if (changes) {
    for (const [name, value] of Object.entries(changes.set)) {
      if (name !== 'vary' || !own?.vary) out.push(name, value)
    }
  }
  if (options.sessionCookie !== undefined) out.push('Set-Cookie', options.sessionCookie)
  out.push('X-Request-Id', options.requestId)
  return out
}

/**
 * @param vary - The backend's, where hooks have set one too. Nothing that a response depends on may go missing, or a
 *   cache serves one client's to another.
 */
function pushOwn(
  out: string[],
  own: ResponseHeaderOptions['own'],
  vary: readonly string[],
  set: HeaderChanges['set'] = {}
): void {
  for (const name in own) {
    if (name === 'x-request-id') continue
    const value = own[name as keyof typeof own]
    if (name === 'vary') out.push(name, mergedVary([...vary, set['vary'] ?? '', String(value)]))
    else if (!Object.hasOwn(set, name)) {
      for (const item of Array.isArray(value) ? value : [value]) out.push(name, String(item))
    }
  }
}

function isEmpty(object: object): boolean {
  for (const _ in object) return false
  return true
}

function removeField(headers: string[], name: string): void {
  for (let index = headers.length - 2; index >= 0; index -= 2)
    if (headers[index]!.toLowerCase() === name) headers.splice(index, 2)
}

function mapValue(name: string, value: string, mapping: PrefixMapping): string {
  if (name === 'location' || name === 'content-location') return mapLocation(value, mapping)
  return name === 'set-cookie' ? mapCookiePath(value, mapping) : value
}
