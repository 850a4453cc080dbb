import type { IncomingMessage } from 'node:http'

/**
 * The header of a request over HTTP/2 as it would have come over HTTP/1.1: without pseudo-header fields, the authority
 * as the Host in front (RFC 9113 section 8.3.1), the crumbs of a cookie in one field (section 8.2.3).
 *
 * @param request - Whose `headers.host` its authority has become.
 * @returns Names and values in turn.
 */
export function http1Fields({ rawHeaders, headers }: IncomingMessage): string[] {
  const out: string[] = []
  if (headers.host !== undefined) out.push('host', headers.host)
  let hasCookie = false
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!
    if (name.startsWith(':') || name === 'host') continue
    if (name !== 'cookie') out.push(name, rawHeaders[index + 1]!)
    else if (!hasCookie) {
      hasCookie = true
      // Node has joined them there.
      out.push(name, headers.cookie!)
    }
  }
  return out
}
