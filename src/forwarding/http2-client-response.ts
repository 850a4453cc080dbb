import { validateHeaderName, validateHeaderValue } from 'node:http'
import { constants, type Http2ServerResponse, type OutgoingHttpHeaders } from 'node:http2'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { RouteConfig } from '../config/types.ts'
import { hasBody, isGone } from '../raw-messages.ts'
import { exemptFromSendTimeout } from '../slow-reader.ts'
import type { Backend } from '../upstreams/backend.ts'
import type { ClientResponse } from './client-response.ts'
import { responseChanges } from './header-changes.ts'
import { endToEndFields, isEventStream, responseHeaderOptions, valueOf } from './response-fields.ts'
import { forwardedResponseHeaders } from './response-headers.ts'
import { endUpload, readNothing } from './unread-upload.ts'

/** Fields that HTTP/2 has other means for, and that make a message malformed there (RFC 9113 section 8.2.2). */
const CONNECTION_SPECIFIC: ReadonlySet<string> = new Set([
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade'
])

/** Statuses of responses that never have a body. */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304])

/**
 * The response to a client of HTTP/2. Its head goes out by the stream's own `respond`, which keeps the order and the
 * repetition of fields. It always waits for trailers, be there any or not: without that, Node ends a stream that it
 * resets, so that a response that broke off would look whole.
 */
export class Http2ClientResponse implements ClientResponse {
  readonly #request: FastifyRequest
  readonly #reply: FastifyReply
  readonly #raw: Http2ServerResponse
  readonly #route: RouteConfig
  hasBegun = false
  hasContinued = false
  isEventStream = false
  #isBodiless = false
  #hasListened = false
  isBlocked = false
  /** The head of a response that may turn out to have no body, which then must be said in it. */
  #held: (string | number)[] | undefined

  constructor(request: FastifyRequest, reply: FastifyReply, route: RouteConfig) {
    this.#request = request
    this.#reply = reply
    this.#raw = reply.raw as unknown as Http2ServerResponse
    this.#route = route
    // Whoever answers. Node's own listener, which sends the trailers, comes before.
    if (hasBody(request.raw)) this.#raw.stream.once('wantTrailers', () => endUpload(request.raw))
    else readNothing(this.#raw.stream)
  }

  inform(status: number, _statusText: string, headers: readonly string[]): void {
    if (this.hasBegun || this.#isGone) return
    if (status === 100) this.hasContinued = true
    const fields = grouped(endToEndFields(headers, responseChanges(this.#route)))
    try {
      this.#raw.stream.additionalHeaders({ ...fields, ':status': status })
    } catch {
      // Node does not repeat a field that is defined to come once: an interim response may be left out.
    }
  }

  begin(
    status: number,
    _statusText: string,
    headers: readonly string[],
    backend: Backend,
    sessionCookie?: string
  ): void {
    const isHead = this.#request.raw.method === 'HEAD'
    const mayBeChunked = !isHead && !BODILESS.has(status)
    const options = responseHeaderOptions(this.#request, this.#reply, this.#route, backend, sessionCookie)
    const out = http2Fields(forwardedResponseHeaders(headers, { ...options, status, mayBeChunked }))
    // Refuses what is no status of HTTP/2.
    this.#raw.statusCode = status
    out.unshift(':status', status)
    this.isEventStream = isEventStream(headers)
    if (this.isEventStream) exemptFromSendTimeout(this.#reply.raw)
    this.#isBodiless = !mayBeChunked || valueOf('content-length', headers) === '0'
    if (isTrailersOnly(headers)) this.#held = out
    else this.#respond(out, this.#isBodiless)
    this.#reply.hijack()
    this.hasBegun = true
  }

  /** A head goes out at once, but for one that may turn out to be all that there is. */
  flush(): void {}

  write(chunk: Buffer, resume: () => void): boolean {
    if (this.#isBodiless) return true
    const { stream } = this.#raw
    this.#release()
    if (stream.write(chunk)) return true
    this.isBlocked = true
    if (!this.#hasListened) {
      this.#hasListened = true
      stream.on('drain', () => {
        this.isBlocked = false
        resume()
      })
    }
    return false
  }

  end(trailers: readonly string[]): void {
    const fields = endToEndFields(trailers, responseChanges(this.#route))
    if (this.#held && fields.length === 0) this.#isBodiless = true
    this.#release()
    if (fields.length > 0) this.#raw.addTrailers(grouped(fields))
    this.#raw.end()
    if (this.#isBodiless) endUpload(this.#request.raw)
  }

  /** A stream that is reset with an error can't be taken for one that ended. */
  destroy(): void {
    this.#release()
    this.#raw.stream.close(constants.NGHTTP2_INTERNAL_ERROR)
  }

  /** @throws Error always: HTTP/2 has no Upgrade (RFC 9113 section 8.6), so no request asks for another protocol. */
  join(): never {
    throw new Error('a request over HTTP/2 can not switch protocols')
  }

  get #isGone(): boolean {
    return isGone(this.#reply.raw)
  }

  /** Sends a head that was held back. */
  #release(): void {
    if (!this.#held) return
    this.#respond(this.#held, this.#isBodiless)
    this.#held = undefined
  }

  #respond(head: (string | number)[], endStream: boolean): void {
    const { stream } = this.#raw
    if (this.#isGone) return
    stream.respond(head as unknown as OutgoingHttpHeaders, { endStream, waitForTrailers: !endStream })
  }
}

/**
 * Whether a response says in its head how the call ended: the form that gRPC calls Trailers-Only, which clients know
 * by the end of the stream that comes along with the head.
 */
function isTrailersOnly(headers: readonly string[]): boolean {
  return valueOf('grpc-status', headers) !== undefined
}

/** @throws TypeError when a name or a value is no HTTP. */
function http2Fields(headers: readonly string[]): (string | number)[] {
  const out: string[] = []
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index]!.toLowerCase()
    if (CONNECTION_SPECIFIC.has(name)) continue
    const value = headers[index + 1]!
    validateHeaderName(name)
    validateHeaderValue(name, value)
    out.push(name, value)
  }
  return out
}

/** Repeated fields as lists, where Node takes objects only. */
function grouped(flat: readonly string[]): Record<string, string[]> {
  const out: Record<string, string[]> = Object.create(null)
  for (let index = 0; index < flat.length; index += 2) {
    const name = flat[index]!.toLowerCase()
    if (!CONNECTION_SPECIFIC.has(name)) (out[name] ??= []).push(flat[index + 1]!)
  }
  return out
}
