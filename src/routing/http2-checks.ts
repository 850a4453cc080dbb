import { METHODS } from 'node:http'
import { badRequest, type ProblemError } from '../problem.ts'
import type { RequestHead } from './message-checks.ts'

/** CONNECT would make a tunnel. */
const METHODS_TAKEN: ReadonlySet<string> = new Set(METHODS.filter((method) => method !== 'CONNECT'))

/** Whether a method may become a request: over HTTP/1.1 Node's parser knows no others, over HTTP/2 it takes any. */
export function isMethodTaken(method: string): boolean {
  return METHODS_TAKEN.has(method)
}

/**
 * Finds what makes the head of an HTTP/2 request ambiguous or impossible to forward, beyond what Node refuses by
 * itself: it resets streams whose pseudo-header fields are missing, repeated or out of place, that have fields of a
 * connection, or a body of another length than their Content-Length (RFC 9113 section 8.1.1). The authority becomes
 * the Host, so that all that follows sees a request as it would have come over HTTP/1.1.
 *
 * @returns The answer for the client; undefined when there is nothing wrong.
 */
export function checkHttp2Head(request: RequestHead): ProblemError | undefined {
  const { url = '', headers } = request
  const scheme = headers[':scheme']
  if (scheme !== 'https' && scheme !== 'http')
    return badRequest('scheme_invalid', 'The scheme of a request is http or https.')
  // No absolute form here: the authority has a field of its own (RFC 9113 section 8.3.1).
  if (!url.startsWith('/') && url !== '*')
    return badRequest('target_invalid', 'The request target is not valid.')
  return takeAuthority(request)
}

/**
 * The number of fields that a header would have over HTTP/1.1: a cookie that came in crumbs is one (RFC 9113 section
 * 8.2.3), and pseudo-header fields are none.
 *
 * @param rawHeaders - Names and values in turn, names in lower case.
 */
export function countHttp2Fields(rawHeaders: readonly string[]): number {
  let count = 0
  let crumbs = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!
    if (name === 'cookie') crumbs++
    else if (!name.startsWith(':')) count++
  }
  return count + Math.min(crumbs, 1)
}

/**
 * RFC 9113 section 8.3.1: a Host beside `:authority` must say the same. Only one of them is looked at by most, so
 * that two would be two ways to read one request.
 */
function takeAuthority({ rawHeaders, headers }: RequestHead): ProblemError | undefined {
  const hosts = rawHeaders.filter((name, index) => index % 2 === 0 && name === 'host').length
  const authority = headers[':authority']
  if (hosts > 1 || (hosts === 0 && typeof authority !== 'string'))
    return badRequest('host_count', 'A request must have exactly one Host.')
  if (typeof authority !== 'string') return undefined
  if (hosts === 1 && headers.host?.toLowerCase() !== authority.toLowerCase())
    return badRequest('host_mismatch', 'The Host and the authority of a request must be the same.')
  headers.host = authority
  return undefined
}
