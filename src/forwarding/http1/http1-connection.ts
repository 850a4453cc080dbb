import type {
  ConnectionObserver,
  Exchange,
  ResponseSink,
  UpstreamConnection,
  UpstreamRequest
} from '../connection.ts'
import { type Origin, parseOrigin, type TlsSettings } from './dial.ts'
import { connectFailure } from './failure-reason.ts'
import { HttpSocket, type SocketOwner } from './http-socket.ts'
import { requestHead } from './request-head.ts'
import { RunningExchange } from './running-exchange.ts'

/** Settings of the connections to one backend. */
export interface ConnectionSettings {
  /** Milliseconds until a connection is there, TLS included; 0 = none. */
  readonly connectTimeout: number
  /** How long an idle connection is kept, in milliseconds, unless the backend says less. */
  readonly keepAlive: number
  /** Most idle connections that are kept; by default all. */
  readonly maxIdle?: number
  /** The most bytes of a response's head, by default 64 KiB. */
  readonly maxResponseHead?: number
  readonly tls?: TlsSettings
}

/** A connection is given up that much before the backend does, in milliseconds: its clock began earlier. */
const KEEP_ALIVE_MARGIN = 1000
const SWEEP_INTERVAL = 1000
const MAX_RESPONSE_HEAD = 65_536

/**
 * The HTTP/1.1 connections to one backend: as many as there are exchanges, opened on demand and kept for the next ones.
 * The last one used is used first, so that few stay busy and the rest age.
 *
 * It has no bound and no queue; who may send at all is decided before. Its only timers are those of connecting and one
 * that closes what was idle too long.
 */
export class Http1Connection implements UpstreamConnection, SocketOwner {
  readonly origin: Origin
  readonly connectTimeout: number
  readonly maxResponseHead: number
  readonly tls: TlsSettings | undefined
  session: Buffer | undefined
  readonly #observer: ConnectionObserver | undefined
  readonly #keepAlive: number
  readonly #maxIdle: number
  readonly #sockets = new Set<HttpSocket>()
  /** May hold closed ones, until they are met. */
  #idle: HttpSocket[] = []
  #sweep: NodeJS.Timeout | undefined
  #closed: PromiseWithResolvers<void> | undefined

  /**
   * @param origin - Origin of the backend, `http:` or `https:`.
   * @param named - Host and SNI to ask for instead of those of its origin.
   */
  constructor(origin: string, settings: ConnectionSettings, named?: string, observer?: ConnectionObserver) {
    this.#observer = observer
    this.origin = parseOrigin(origin, named)
    this.connectTimeout = settings.connectTimeout
    this.maxResponseHead = settings.maxResponseHead ?? MAX_RESPONSE_HEAD
    this.tls = settings.tls
    this.#keepAlive = settings.keepAlive
    this.#maxIdle = settings.maxIdle ?? Infinity
  }

  send(request: UpstreamRequest, sink: ResponseSink): Exchange {
    const exchange = new RunningExchange(request, requestHead(request, this.origin.authority), sink)
    const kept = request.upgrade === undefined && !request.fresh ? this.#take() : undefined
    if (kept) {
      exchange.socket = kept
      kept.begin(exchange)
    } else this.#dial(exchange)
    return exchange
  }

  release(socket: HttpSocket): void {
    const keep = Math.min(this.#keepAlive, (socket.backendKeeps ?? Infinity) - KEEP_ALIVE_MARGIN)
    if (this.#closed || keep <= 0 || this.#idle.length >= this.#maxIdle) {
      socket.destroy()
      return
    }
    socket.expiresAt = performance.now() + keep
    this.#idle.push(socket)
    this.#sweep ??= setInterval(() => this.#closeExpired(), SWEEP_INTERVAL).unref()
  }

  forget(socket: HttpSocket): void {
    if (this.#sockets.delete(socket)) this.#observer?.closeConnection()
    if (this.#sockets.size === 0) this.#closed?.resolve()
  }

  async close(): Promise<void> {
    this.#closed ??= Promise.withResolvers()
    clearInterval(this.#sweep)
    this.#idle = []
    for (const socket of this.#sockets) if (!socket.busy) socket.destroy()
    if (this.#sockets.size === 0) this.#closed.resolve()
    await this.#closed.promise
  }

  async destroy(): Promise<void> {
    const closed = this.close()
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  #dial(exchange: RunningExchange): void {
    try {
      if (this.#closed) throw new Error('closed')
      exchange.socket = new HttpSocket(this, exchange)
      this.#sockets.add(exchange.socket)
      this.#observer?.openConnection()
    } catch (error) {
      const reason = connectFailure(error as Error)
      process.nextTick(() => exchange.fail({ reason, sent: false, reused: false }))
    }
  }

  #take(): HttpSocket | undefined {
    if (this.#idle.length === 0) return undefined
    const now = performance.now()
    for (let socket = this.#idle.pop(); socket; socket = this.#idle.pop()) {
      if (socket.usable && socket.expiresAt > now) return socket
      socket.destroy()
    }
    return undefined
  }

  #closeExpired(): void {
    const now = performance.now()
    this.#idle = this.#idle.filter((socket) => {
      if (socket.usable && socket.expiresAt > now) return true
      socket.destroy()
      return false
    })
    if (this.#idle.length > 0) return
    clearInterval(this.#sweep)
    this.#sweep = undefined
  }
}
