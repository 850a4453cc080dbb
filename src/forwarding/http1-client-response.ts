import type { ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { HeaderChanges, RouteConfig } from '../config/types.ts'
import type { Backend } from '../upstreams/backend.ts'
import type { ClientResponse } from './client-response.ts'
import { connectionOptions, isHopByHop } from './hop-by-hop.ts'
import { rewrittenPrefix } from '../routing/rewrite.ts'
import type { PrefixMapping } from './map-back.ts'
import { forwardedResponseHeaders, type ResponseHeaderOptions } from './response-headers.ts'
import { joinUpgraded, type PendingUpgrade, writeHead } from './upgrade.ts'

const NOTHING = Buffer.alloc(0)

/** The response to a client of HTTP/1.x. */
export class Http1ClientResponse implements ClientResponse {
  readonly #request: FastifyRequest
  readonly #reply: FastifyReply
  readonly #raw: ServerResponse
  readonly #route: RouteConfig
  #hasBegun = false
  #hasContinued = false
  #isEventStream = false
  #hasListened = false
  #isBlocked = false

  constructor(request: FastifyRequest, reply: FastifyReply, route: RouteConfig) {
    this.#request = request
    this.#reply = reply
    this.#raw = reply.raw
    this.#route = route
  }

  get hasBegun(): boolean {
    return this.#hasBegun
  }

  get hasContinued(): boolean {
    return this.#hasContinued
  }

  get isEventStream(): boolean {
    return this.#isEventStream
  }

  get isBlocked(): boolean {
    return this.#isBlocked
  }

  /** HTTP/1.0 has none. */
  inform(status: number, statusText: string, headers: readonly string[]): void {
    const { socket } = this.#raw
    if (this.#hasBegun || !socket || this.#request.raw.httpVersion === '1.0') return
    if (status === 100) this.#hasContinued = true
    const fields = this.#endToEnd(headers)
    // Node closes the connection of a request that expects a 100 unless it knows of one.
    if (status === 100 && fields.length === 0) this.#raw.writeContinue()
    else writeHead(socket, status, statusText, fields)
  }

  begin(status: number, statusText: string, headers: readonly string[], backend: Backend): void {
    const { method, httpVersion } = this.#request.raw
    const mayBeChunked = httpVersion !== '1.0' && method !== 'HEAD' && status !== 204 && status !== 304
    const out = forwardedResponseHeaders(headers, { ...this.#headerOptions(backend), status, mayBeChunked })
    this.#isEventStream = isEventStream(headers)
    this.#writeHead(status, statusText, out)
    this.#reply.hijack()
    this.#hasBegun = true
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
    this.#raw.write(NOTHING)
  }

  write(chunk: Buffer, resume: () => void): boolean {
    if (this.#raw.write(chunk)) return true
    this.#isBlocked = true
    if (!this.#hasListened) {
      this.#hasListened = true
      this.#raw.on('drain', () => {
        this.#isBlocked = false
        resume()
      })
    }
    return false
  }

  end(trailers: readonly string[]): void {
    if (trailers.length > 0) this.#raw.addTrailers(pairs(this.#endToEnd(trailers)))
    this.#raw.end()
  }

  /** To a client of HTTP/1.0 an ordinary close may be the body's end, so it gets a reset. */
  destroy(): void {
    if (this.#request.raw.httpVersion === '1.0') this.#raw.socket?.resetAndDestroy()
    this.#raw.destroy()
  }

  join(upgrade: PendingUpgrade, headers: readonly string[], backend: Duplex, onClose: () => void): void {
    const { own, requestId, changes } = this.#headerOptions()
    const out = forwardedResponseHeaders(headers, { own, requestId, changes })
    out.push(
      'Connection',
      'Upgrade',
      'Upgrade',
      valueOf('upgrade', headers) ?? this.#request.raw.headers.upgrade!
    )
    this.#hasBegun = true
    this.#reply.hijack()
    this.#raw.statusCode = 101
    joinUpgraded(upgrade, this.#raw, out, backend, () => {
      onClose()
      // The server no longer knows this response, so nobody else says that it is over.
      this.#raw.emit('close')
    })
  }

  /** What of an interim response's header, or of trailers, is not the gateway's to say. */
  #endToEnd(headers: readonly string[]): string[] {
    return endToEnd(headers, this.#route.headers?.response)
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
}

function endToEnd(headers: readonly string[], changes: HeaderChanges | undefined): string[] {
  const named = connectionOptions(headers)
  const out: string[] = []
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index]!.toLowerCase()
    if (name === 'x-request-id' || isHopByHop(name, named)) continue
    if (changes && (changes.remove.includes(name) || Object.hasOwn(changes.set, name))) continue
    out.push(headers[index]!, headers[index + 1]!)
  }
  return out
}

function isEventStream(headers: readonly string[]): boolean {
  return /^text\/event-stream/i.test(valueOf('content-type', headers) ?? '')
}

/** @param name - In lower case. */
function valueOf(name: string, headers: readonly string[]): string | undefined {
  for (let index = 0; index < headers.length; index += 2) {
    if (headers[index]!.length === name.length && headers[index]!.toLowerCase() === name)
      return headers[index + 1]
  }
  return undefined
}

function pairs(flat: readonly string[]): [string, string][] {
  const out: [string, string][] = []
  for (let index = 0; index < flat.length; index += 2) out.push([flat[index]!, flat[index + 1]!])
  return out
}
