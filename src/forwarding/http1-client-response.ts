import type { ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { RouteConfig } from '../config/types.ts'
import { exemptFromSendTimeout } from '../slow-reader.ts'
import type { Backend } from '../upstreams/backend.ts'
import type { ClientResponse } from './client-response.ts'
import { responseChanges } from './header-changes.ts'
import { endToEndFields, isEventStream, responseHeaderOptions, valueOf } from './response-fields.ts'
import { forwardedResponseHeaders, type ResponseHeaderOptions } from './response-headers.ts'
import { joinUpgraded, type PendingUpgrade, writeHead } from './upgrade.ts'

const NOTHING = Buffer.alloc(0)

/** The largest body, in bytes, that may leave together with the head as one text, which costs less than two writes. */
const SMALL_BODY = 16 * 1024

/** The response to a client of HTTP/1.x. */
export class Http1ClientResponse implements ClientResponse {
  readonly #request: FastifyRequest
  readonly #reply: FastifyReply
  readonly #raw: ServerResponse
  readonly #route: RouteConfig
  hasBegun = false
  hasContinued = false
  isEventStream = false
  #hasListened = false
  isBlocked = false
  /** The body so far, while it may turn out to be all of it. */
  #held: Buffer | undefined
  #isHolding = true

  constructor(request: FastifyRequest, reply: FastifyReply, route: RouteConfig) {
    this.#request = request
    this.#reply = reply
    this.#raw = reply.raw
    this.#route = route
  }

  /** HTTP/1.0 has none. */
  inform(status: number, statusText: string, headers: readonly string[]): void {
    const { socket } = this.#raw
    if (this.hasBegun || !socket || this.#request.raw.httpVersion === '1.0') return
    if (status === 100) this.hasContinued = true
    const fields = this.#endToEnd(headers)
    // Node closes the connection of a request that expects a 100 unless it knows of one.
    if (status === 100 && fields.length === 0) this.#raw.writeContinue()
    else writeHead(socket, status, statusText, fields)
  }

  begin(
    status: number,
    statusText: string,
    headers: readonly string[],
    backend: Backend,
    sessionCookie?: string
  ): void {
    const { method, httpVersion } = this.#request.raw
    const mayBeChunked = httpVersion !== '1.0' && method !== 'HEAD' && status !== 204 && status !== 304
    const options = this.#headerOptions(backend, sessionCookie)
    const out = forwardedResponseHeaders(headers, { ...options, status, mayBeChunked })
    this.isEventStream = isEventStream(headers)
    if (this.isEventStream) exemptFromSendTimeout(this.#reply.raw)
    this.#writeHead(status, statusText, out)
    this.#reply.hijack()
    this.hasBegun = true
  }

  /** Node sends the head of a response with an Expect field, which means nothing there, at once and as UTF-8. */
  #writeHead(status: number, statusText: string, headers: string[]): void {
    const { socket } = this.#raw
    const isSentAtOnce = valueOf('expect', headers) !== undefined
    if (isSentAtOnce) socket?.setDefaultEncoding('latin1')
    this.#raw.writeHead(status, statusText, headers)
    if (isSentAtOnce) socket?.setDefaultEncoding('utf8')
  }

  flush(): void {
    // Node's `flushHeaders` writes it as UTF-8, which changes bytes beyond ASCII; beside a buffer it is latin1.
    if (!this.#release()) this.#raw.write(NOTHING)
  }

  /** A small body that comes along with its head is held back until its end, or until {@link flush}. */
  write(chunk: Buffer, resume: () => void): boolean {
    if (this.#isHolding && !this.#held && chunk.length <= SMALL_BODY) {
      this.#held = chunk
      return true
    }
    this.#release()
    if (this.#raw.write(chunk)) return true
    this.isBlocked = true
    if (!this.#hasListened) {
      this.#hasListened = true
      this.#raw.on('drain', () => {
        this.isBlocked = false
        resume()
      })
    }
    return false
  }

  end(trailers: readonly string[]): void {
    if (trailers.length > 0) this.#raw.addTrailers(pairs(this.#endToEnd(trailers)))
    if (this.#held) this.#raw.end(this.#held.toString('latin1'), 'latin1')
    else this.#raw.end()
  }

  /** Sends what was held back; nothing is from now on. @returns Whether something was. */
  #release(): boolean {
    this.#isHolding = false
    const held = this.#held
    this.#held = undefined
    if (held) this.#raw.write(held)
    return held !== undefined
  }

  /** To a client of HTTP/1.0 an ordinary close may be the body's end, so it gets a reset. */
  destroy(): void {
    if (this.#request.raw.httpVersion === '1.0') this.#raw.socket?.resetAndDestroy()
    this.#raw.destroy()
  }

  join(
    upgrade: PendingUpgrade,
    headers: readonly string[],
    backend: Duplex,
    onClose: () => void,
    sessionCookie?: string
  ): void {
    const out = forwardedResponseHeaders(headers, this.#headerOptions(undefined, sessionCookie))
    out.push(
      'Connection',
      'Upgrade',
      'Upgrade',
      valueOf('upgrade', headers) ?? this.#request.raw.headers.upgrade!
    )
    this.hasBegun = true
    this.#reply.hijack()
    this.#raw.statusCode = 101
    joinUpgraded(upgrade, this.#raw, out, backend, () => {
      onClose()
      // The server no longer knows this response, so nobody else says that it is over.
      this.#raw.emit('close')
    })
  }

  #endToEnd(headers: readonly string[]): string[] {
    return endToEndFields(headers, responseChanges(this.#route))
  }

  #headerOptions(backend?: Backend, sessionCookie?: string): ResponseHeaderOptions {
    return responseHeaderOptions(this.#request, this.#reply, this.#route, backend, sessionCookie)
  }
}

function pairs(flat: readonly string[]): [string, string][] {
  const out: [string, string][] = []
  for (let index = 0; index < flat.length; index += 2) out.push([flat[index]!, flat[index + 1]!])
  return out
}
