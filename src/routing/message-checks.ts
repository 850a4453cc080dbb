import type { IncomingHttpHeaders } from 'node:http'
import { badRequest, ProblemError } from '../problem.ts'
import { checkHttp2Head, countHttp2Fields } from './http2-checks.ts'

/**
 * What a Host field may be: a name or an address, and a port (RFC 3986 section 3.2.2). Anything else could be read in
 * two ways by the next server.
 */
const HOST = /^(?:[A-Za-z0-9._~!$&'()*+,;=%-]+|\[[0-9A-Fa-f:.]+\])(?::\d{0,5})?$/

/** An absolute-form target (RFC 9112 section 3.2.2): authority, then what an origin server would get. */
const ABSOLUTE_FORM = /^https?:\/\/([^/?]+)(.*)$/i

/**
 * A dot segment, encoded or not, however the segments are separated; `..;x` is one for some servers, and `..%00x` for
 * those whose texts end at a NUL.
 */
const DOT_SEGMENT = /(?:^|[/\\]|%2f|%5c)(?:\.|%2e){1,2}(?:[/\\;]|%2f|%5c|%3b|%00|$)/i

/** Digits of the longest Content-Length that every program counts exactly. */
const MAX_LENGTH_DIGITS = 15

/** HTTP/2 as Node's `httpVersion` has it. */
const HTTP2 = '2.0'

/** What of a request its checks and its route depend on. */
export interface RequestHead {
  readonly method?: string | undefined
  /** The request target; an absolute form becomes the origin form. */
  url?: string | undefined
  readonly httpVersion: string
  readonly headers: IncomingHttpHeaders
  readonly rawHeaders: readonly string[]
}

/**
 * Finds what makes a request ambiguous or impossible to forward, beyond what Node's parser refuses by itself
 * (RFC 9112). An absolute-form target is made the origin form, with the Host that it names.
 *
 * @param maxHeaders - Most fields of a header. Counted here too: some versions of Node drop what is beyond
 *   `maxHeadersCount` without a word, and a second Host with it.
 * @returns The answer for the client; undefined when there is nothing wrong.
 */
export function checkMessage(request: RequestHead, maxHeaders: number): ProblemError | undefined {
  const { httpVersion, method, headers } = request
  if (method === 'TRACE')
    return new ProblemError(501, 'method_not_implemented', 'This gateway does not take TRACE.')
  // A request line of HTTP/1.1 may claim any version; only a stream has pseudo-header fields.
  const isKnown = httpVersion === HTTP2 ? headers[':path'] !== undefined : /^1\.[01]$/.test(httpVersion)
  if (!isKnown) return badRequest('http_version', 'This HTTP version is unknown.')
  if (hasTooManyHeaders(request, maxHeaders)) return tooManyHeaders(maxHeaders)
  return (
    (httpVersion === HTTP2 ? checkHttp2Head(request) : checkHostCount(request)) ??
    checkHost(headers.host) ??
    checkFraming(request) ??
    checkExpect(headers.expect) ??
    normalizeTarget(request)
  )
}

/**
 * Whether a path has a segment that a server might resolve away, and with it the rules of the route that it matched.
 *
 * @param path - Raw, without query.
 */
export function hasDotSegment(path: string): boolean {
  return (path.includes('.') || path.includes('%')) && DOT_SEGMENT.test(path)
}

function hasTooManyHeaders({ rawHeaders, httpVersion }: RequestHead, maxHeaders: number): boolean {
  if (rawHeaders.length <= 2 * maxHeaders) return false
  return httpVersion !== HTTP2 || countHttp2Fields(rawHeaders) > maxHeaders
}

function tooManyHeaders(maxHeaders: number): ProblemError {
  const detail = `A request has at most ${maxHeaders} header fields.`
  return new ProblemError(431, 'too_many_headers', detail, { connection: 'close' })
}

/** Exactly one Host in HTTP/1.1, at most one in 1.0 (RFC 9112 section 3.2). */
function checkHostCount({ rawHeaders, httpVersion }: RequestHead): ProblemError | undefined {
  let count = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!
    if (name.length === 4 && name.toLowerCase() === 'host') count++
  }
  const isMissing = count === 0 && httpVersion === '1.1'
  if (isMissing || count > 1) return badRequest('host_count', 'A request must have exactly one Host.')
  return undefined
}

function checkHost(host: string | undefined): ProblemError | undefined {
  if (host === undefined || HOST.test(host)) return undefined
  return badRequest('host_invalid', 'The Host is not valid.')
}

/** The only transfer coding is chunked, and only HTTP/1.1 has it (RFC 9112 section 6.1, RFC 9113 section 8.2.2). */
function checkFraming({ headers, httpVersion }: RequestHead): ProblemError | undefined {
  const coding = headers['transfer-encoding']
  if (coding === undefined) return checkLength(headers['content-length'])
  if (httpVersion !== '1.1')
    return badRequest('transfer_encoding', `HTTP/${httpVersion} has no Transfer-Encoding.`)
  if (coding.toLowerCase() === 'chunked') return undefined
  const detail = 'No transfer coding but chunked is understood.'
  return new ProblemError(501, 'transfer_encoding', detail, { connection: 'close' })
}

/** Node's parser has made sure that it is a number. */
function checkLength(length: string | undefined): ProblemError | undefined {
  if (length === undefined || length.length <= MAX_LENGTH_DIGITS) return undefined
  return new ProblemError(413, 'content_length', 'The body is too large.', { connection: 'close' })
}

function checkExpect(expect: string | undefined): ProblemError | undefined {
  if (expect === undefined || expect.toLowerCase() === '100-continue') return undefined
  return new ProblemError(417, 'expectation_failed', 'No expectation but 100-continue can be met.')
}

function normalizeTarget(request: RequestHead): ProblemError | undefined {
  const target = request.url ?? ''
  if (target.includes('#')) return badRequest('target_invalid', 'A request target has no fragment.')
  if (target.startsWith('/')) return undefined
  if (target === '*' && request.method === 'OPTIONS') return undefined
  const [, authority = '', rest = ''] = ABSOLUTE_FORM.exec(target) ?? []
  if (!HOST.test(authority)) return badRequest('target_invalid', 'The request target is not valid.')
  // RFC 9112 section 3.2.4: without a path, OPTIONS asks about the server.
  if (rest === '' && request.method === 'OPTIONS') request.url = '*'
  else request.url = rest.startsWith('/') ? rest : `/${rest}`
  request.headers.host = authority
  return undefined
}
