import type { ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { RouteConfig } from '../config/types.ts'
import type { Backend } from '../upstreams/backend.ts'
import { isHopByHop } from './hop-by-hop.ts'
import { rewrittenPrefix } from '../routing/rewrite.ts'
import type { PrefixMapping } from './map-back.ts'
import { forwardedResponseHeaders, type ResponseHeaderOptions } from './response-headers.ts'
import { joinUpgraded, type PendingUpgrade, writeHead } from './upgrade.ts'

/** How long the rest of an upload that nobody waits for is read, in milliseconds, so that the client sees its response. */
const LINGER = 5_000

/** The response to the client: the backend's, passed on as it comes. Once it has begun, nothing can be taken back. */
export class ClientResponse {
  readonly #request: FastifyRequest
  readonly #reply: FastifyReply
  readonly #raw: ServerResponse
  readonly #route: RouteConfig
  #hasBegun = false
  #hasContinued = false
  #isEventStream = false

  constructor(request: FastifyRequest, reply: FastifyReply, route: RouteConfig) {
    this.#request = request
    this.#reply = reply
    this.#raw = reply.raw
    this.#route = route
  }

  /** Whether the head of the final response was written. */
  get hasBegun(): boolean {
    return this.#hasBegun
  }

  /** Whether the client was told to go on with its body. */
  get hasContinued(): boolean {
    return this.#hasContinued
  }

  /** Whether it is a stream of server-sent events, which may be silent for as long as it likes. */
  get isEventStream(): boolean {
    return this.#isEventStream
  }

  /** Whether the client has more to read than it takes. */
  get isBlocked(): boolean {
    return this.#raw.writableNeedDrain
  }

  /** Passes an interim response on (RFC 9110 section 15.2). HTTP/1.0 has none. */
  inform(status: number, statusText: string, headers: readonly string[]): void {
    const { socket } = this.#raw
    if (this.#hasBegun || !socket || this.#request.raw.httpVersion === '1.0') return
    if (status === 100) this.#hasContinued = true
    writeHead(socket, status, statusText, endToEnd(headers))
  }

  /** @throws Error when it is no HTTP; then it has not begun. */
  begin(status: number, statusText: string, headers: readonly string[], backend: Backend): void {
    const out = forwardedResponseHeaders(headers, this.#headerOptions(backend))
    this.#isEventStream = isEventStream(headers)
    this.#raw.writeHead(status, statusText, out)
    this.#reply.hijack()
    this.#hasBegun = true
    // A stream's head must not wait for its first event.
    if (this.#isEventStream) this.#raw.flushHeaders()
  }

  /** @returns false to pause until `resume` is called. */
  write(chunk: Buffer, resume: () => void): boolean {
    if (this.#raw.write(chunk)) return true
    this.#raw.once('drain', resume)
    return false
  }

  end(trailers: readonly string[]): void {
    if (trailers.length > 0) this.#raw.addTrailers(pairs(endToEnd(trailers)))
    this.#raw.end()
    if (!this.#request.raw.complete) this.#linger()
  }

  /** A response that broke off must be seen to have broken off. */
  destroy(): void {
    this.#raw.destroy()
  }

  /** @param onClose - Called once, when both sockets are closed. */
  join(upgrade: PendingUpgrade, headers: readonly string[], backend: Duplex, onClose: () => void): void {
    const { own, requestId, changes } = this.#headerOptions()
    const out = forwardedResponseHeaders(headers, { own, requestId, changes })
    out.push('Connection', 'Upgrade', 'Upgrade', this.#request.raw.headers.upgrade ?? '')
    this.#hasBegun = true
    this.#reply.hijack()
    this.#raw.statusCode = 101
    joinUpgraded(upgrade, this.#raw, out, backend, () => {
      onClose()
      // The server no longer knows this response, so nobody else says that it is over.
      this.#raw.emit('close')
    })
  }

  #headerOptions(backend?: Backend): ResponseHeaderOptions {
    return {
      own: this.#reply.getHeaders(),
      requestId: this.#request.id,
      mapping: backend && this.#mapping(backend),
      changes: this.#route.headers?.response
    }
  }

  #mapping(backend: Backend): PrefixMapping | undefined {
    if (this.#route.rewrite === undefined) return undefined
    const { match, target } = this.#request.record.found!
    return {
      publicPrefix: target.slice(0, match.prefixLength),
      backendPrefix: rewrittenPrefix(match),
      backendOrigin: backend.url,
      publicHost: this.#request.raw.headers.host
    }
  }

  #linger(): void {
    const { raw } = this.#request
    const timer = setTimeout(() => raw.socket.destroy(), LINGER)
    raw.once('close', () => clearTimeout(timer))
    raw.resume()
  }
}

function endToEnd(headers: readonly string[]): string[] {
  const out: string[] = []
  for (let index = 0; index < headers.length; index += 2) {
    if (!isHopByHop(headers[index]!.toLowerCase(), undefined)) out.push(headers[index]!, headers[index + 1]!)
  }
  return out
}

function isEventStream(headers: readonly string[]): boolean {
  return headers.some(
    (item, index) =>
      index % 2 === 0 &&
      item.toLowerCase() === 'content-type' &&
      headers[index + 1]!.startsWith('text/event-stream')
  )
}

function pairs(flat: readonly string[]): [string, string][] {
  const out: [string, string][] = []
  for (let index = 0; index < flat.length; index += 2) out.push([flat[index]!, flat[index + 1]!])
  return out
}
