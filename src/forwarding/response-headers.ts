import type { FastifyReply } from 'fastify'
import { connectionOptions, isHopByHop } from './hop-by-hop.ts'

/**
 * The header that goes to the client: the backend's in its order and spelling, without what ends at this hop,
 * then what the gateway's own hooks have set, then the request id.
 *
 * @param headers - Names and values in turn.
 * @param own - What hooks have set on the reply; it replaces the backend's.
 */
export function forwardedResponseHeaders(
  headers: readonly string[],
  own: ReturnType<FastifyReply['getHeaders']>,
  requestId: string
): string[] {
  const named = connectionOptions(headers)
  const out: string[] = []
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index]!.toLowerCase()
    if (name === 'x-request-id' || name in own || isHopByHop(name, named)) continue
    out.push(headers[index]!, headers[index + 1]!)
  }
  for (const [name, value] of Object.entries(own)) {
    for (const item of Array.isArray(value) ? value : [value]) out.push(name, String(item))
  }
  out.push('X-Request-Id', requestId)
  return out
}
