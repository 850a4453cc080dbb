import type { FastifyReply, FastifyRequest } from 'fastify'
import type { RouteConfig } from '../config/types.ts'
import { http2Stream } from '../raw-messages.ts'
import type { Backend } from '../upstreams/backend.ts'
import type { ClientResponse } from './client-response.ts'
import { responseChanges } from './header-changes.ts'
import { endToEndFields, responseHeaderOptions } from './response-fields.ts'
import { forwardedResponseHeaders } from './response-headers.ts'

/** The largest response, in bytes, that is collected. */
const MAX_BODY = 10 * 1024 * 1024

interface Head {
  readonly status: number
  readonly statusText: string
  readonly headers: readonly string[]
  readonly backend: Backend
  readonly sessionCookie: string | undefined
}

/**
 * The response to a client as a Fastify reply, for routes with `mode: buffered`: collected whole, so that the app's
 * onSend hooks see it and may rewrite it, and so that a backend that breaks off is a clean 502 for the client.
 */
export class BufferedClientResponse implements ClientResponse {
  readonly #request: FastifyRequest
  readonly #reply: FastifyReply
  readonly #route: RouteConfig
  readonly #direct: ClientResponse
  readonly #onTooLarge: () => void
  #head: Head | undefined
  #chunks: Buffer[] = []
  #size = 0
  #isSent = false

  /**
   * @param direct - For what is passed on as it comes: interim responses and upgrades.
   * @param onTooLarge - The response is larger than may be collected.
   */
  constructor(
    request: FastifyRequest,
    reply: FastifyReply,
    route: RouteConfig,
    direct: ClientResponse,
    onTooLarge: () => void
  ) {
    this.#request = request
    this.#reply = reply
    this.#route = route
    this.#direct = direct
    this.#onTooLarge = onTooLarge
  }

  get hasBegun(): boolean {
    return this.#isSent || this.#direct.hasBegun
  }

  get hasContinued(): boolean {
    return this.#direct.hasContinued
  }

  /** One that never ends can't be collected. */
  get isEventStream(): boolean {
    return false
  }

  get isBlocked(): boolean {
    return false
  }

  inform(status: number, statusText: string, headers: readonly string[]): void {
    this.#direct.inform(status, statusText, headers)
  }

  begin(
    status: number,
    statusText: string,
    headers: readonly string[],
    backend: Backend,
    sessionCookie?: string
  ): void {
    // Fastify takes no other one.
    if (status > 599) throw new RangeError('expected a status up to 599')
    this.#head = { status, statusText, headers, backend, sessionCookie }
    this.#chunks = []
    this.#size = 0
  }

  flush(): void {
    // Nothing goes out before the end.
  }

  write(chunk: Buffer): boolean {
    this.#size += chunk.length
    if (this.#size > MAX_BODY) this.#onTooLarge()
    else this.#chunks.push(chunk)
    return true
  }

  end(trailers: readonly string[]): void {
    const { status, statusText } = this.#head!
    const reply = this.#reply
    const { method } = this.#request.raw
    const hasNoBody = method === 'HEAD' || status === 204 || status === 304
    this.#isSent = true
    this.#setHeaders(hasNoBody)
    this.#setTrailers(trailers)
    if (!http2Stream(reply.raw)) reply.raw.statusMessage = statusText
    void reply.status(status).send(hasNoBody ? undefined : Buffer.concat(this.#chunks, this.#size))
  }

  destroy(): void {
    this.#reply.raw.destroy()
  }

  join(...args: Parameters<ClientResponse['join']>): void {
    this.#direct.join(...args)
  }

  /** HTTP/1.0 has none. */
  #setTrailers(trailers: readonly string[]): void {
    if (this.#request.raw.httpVersion === '1.0') return
    for (const [name, values] of grouped(endToEndFields(trailers, responseChanges(this.#route)))) {
      try {
        this.#reply.trailer(name, async () => values.join(', '))
      } catch {
        // A field that says how a message is read: it may be left out (RFC 9110 section 6.5.1).
      }
    }
  }

  /** @param keepsLength - Whether Content-Length says what there would be, not what there is. */
  #setHeaders(keepsLength: boolean): void {
    const { status, headers, backend, sessionCookie } = this.#head!
    const reply = this.#reply
    const options = responseHeaderOptions(this.#request, reply, this.#route, backend, sessionCookie)
    const fields = forwardedResponseHeaders(headers, { ...options, status })
    for (const name of Object.keys(options.own)) reply.removeHeader(name)
    for (const [name, values] of grouped(fields)) {
      // Fastify announces the trailers that it is given, and counts the body that hooks have left.
      if (name === 'trailer' || (name === 'content-length' && !keepsLength)) continue
      reply.header(name, values.length === 1 ? values[0] : values)
    }
  }
}

/** Fields by name, in lower case; those that come several times keep their order. */
function grouped(fields: readonly string[]): Map<string, string[]> {
  const byName = new Map<string, string[]>()
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index]!.toLowerCase()
    const values = byName.get(name)
    if (values) values.push(fields[index + 1]!)
    else byName.set(name, [fields[index + 1]!])
  }
  return byName
}
