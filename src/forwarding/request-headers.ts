import type { IncomingMessage } from 'node:http'
import { connectionOptions, isHopByHop } from './hop-by-hop.ts'

/** What the gateway calls itself in Via (RFC 9110 section 7.6.3). */
export const VIA_PSEUDONYM = 'xecureapi'

/** Fields that the gateway writes itself; Expect was answered by the gateway's own server. */
const REPLACED: ReadonlySet<string> = new Set([
  'expect',
  'host',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-request-id'
])

/** What a request's forwarded header depends on besides the request itself. */
export interface RequestHeaderOptions {
  readonly hostHeader: 'preserve' | 'backend'
  readonly requestId: string
}

/**
 * The header that goes to the backend: the client's in its order and spelling, without what ends at this hop;
 * Via, X-Forwarded-* and X-Request-Id are the gateway's own. A client's X-Forwarded-* is replaced: nobody in front
 * is trusted.
 */
export function forwardedRequestHeaders(request: IncomingMessage, options: RequestHeaderOptions): string[] {
  const { rawHeaders, headers } = request
  const named = connectionOptions(rawHeaders)
  const out: string[] = []
  if (options.hostHeader === 'preserve' && headers.host !== undefined) out.push('Host', headers.host)
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!.toLowerCase()
    if (!REPLACED.has(name) && !isHopByHop(name, named)) out.push(rawHeaders[index]!, rawHeaders[index + 1]!)
  }
  if (typeof headers.te === 'string' && /(^|,)\s*trailers\s*(;|,|$)/i.test(headers.te))
    out.push('TE', 'trailers')
  out.push('X-Forwarded-For', plainAddress(request.socket.remoteAddress))
  out.push('X-Forwarded-Proto', 'encrypted' in request.socket ? 'https' : 'http')
  if (headers.host !== undefined) out.push('X-Forwarded-Host', headers.host)
  out.push('X-Request-Id', options.requestId)
  out.push('Via', `${request.httpVersion} ${VIA_PSEUDONYM}`)
  return out
}

/** An IPv4 client of a dual-stack listener is shown as `::ffff:10.0.0.1`: the prefix says nothing to a backend. */
function plainAddress(address: string | undefined): string {
  if (address === undefined) return 'unknown'
  return address.startsWith('::ffff:') ? address.slice(7) : address
}
