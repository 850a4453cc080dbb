import type {
  ConnectionObserver,
  Exchange,
  ResponseSink,
  UpstreamConnection,
  UpstreamRequest
} from '../connection.ts'
import { type Origin, parseOrigin, type TlsSettings } from '../http1/dial.ts'
import { connectFailure } from '../http1/failure-reason.ts'
import type { ConnectionSettings } from '../http1/http1-connection.ts'
import { Http2Exchange } from './http2-exchange.ts'
import { Http2Session, type SessionOwner } from './http2-session.ts'
import { PING_TIMES, type PingTimes } from './ping-watch.ts'
import { requestFields } from './request-fields.ts'

/** Settings of the connections to one backend. */
export interface Http2ConnectionSettings extends ConnectionSettings {
  readonly pings?: PingTimes
}

/** How many streams a backend is expected to take before it has said so: RFC 9113 section 6.5.2 recommends no fewer. */
const EXPECTED_STREAMS = 100
const SWEEP_INTERVAL = 1000
const MAX_RESPONSE_HEAD = 65_536

/**
 * The HTTP/2 connections to one backend: as few as take all exchanges as streams, opened on demand; by prior knowledge
 * for `http:`, by ALPN for `https:`. The first one with room is used, so that those beyond what is needed age.
 *
 * Like its HTTP/1.1 sibling it has no bound and no queue. A request's `upgrade` is left out: HTTP/2 knows no Upgrade,
 * and a recipient may ignore it (RFC 9110 section 7.8).
 */
export class Http2Connection implements UpstreamConnection, SessionOwner {
  readonly origin: Origin
  readonly connectTimeout: number
  readonly maxResponseHead: number
  readonly tls: TlsSettings | undefined
  readonly pings: PingTimes
  session: Buffer | undefined
  expectedStreams = EXPECTED_STREAMS
  readonly #observer: ConnectionObserver | undefined
  readonly #keepAlive: number
  readonly #sessions = new Set<Http2Session>()
  #sweep: NodeJS.Timeout | undefined
  #closed: PromiseWithResolvers<void> | undefined

  /**
   * @param origin - Origin of the backend, `http:` or `https:`.
   * @param named - Host and SNI to ask for instead of those of its origin.
   */
  constructor(
    origin: string,
    settings: Http2ConnectionSettings,
    named?: string,
    observer?: ConnectionObserver
  ) {
    this.#observer = observer
    this.origin = parseOrigin(origin, named)
    this.connectTimeout = settings.connectTimeout
    this.maxResponseHead = settings.maxResponseHead ?? MAX_RESPONSE_HEAD
    this.tls = settings.tls
    this.pings = settings.pings ?? PING_TIMES
    this.#keepAlive = settings.keepAlive
  }

  send(request: UpstreamRequest, sink: ResponseSink): Exchange {
    const exchange = new Http2Exchange(request, requestFields(request, this.origin), sink)
    this.place(exchange)
    return exchange
  }

  place(exchange: Http2Exchange): void {
    try {
      this.#sessionFor(exchange).take(exchange)
    } catch (error) {
      const reason = connectFailure(error as Error)
      process.nextTick(() => exchange.fail({ reason, sent: false, reused: false }))
    }
  }

  idle(session: Http2Session): void {
    if (this.#closed || this.#keepAlive <= 0) {
      session.retire()
      return
    }
    session.expiresAt = performance.now() + this.#keepAlive
    this.#sweep ??= setInterval(() => this.#closeExpired(), SWEEP_INTERVAL).unref()
  }

  forget(session: Http2Session): void {
    if (this.#sessions.delete(session)) this.#observer?.closeConnection()
    if (this.#sessions.size > 0) return
    clearInterval(this.#sweep)
    this.#sweep = undefined
    this.#closed?.resolve()
  }

  async close(): Promise<void> {
    this.#closed ??= Promise.withResolvers()
    clearInterval(this.#sweep)
    for (const session of this.#sessions) if (!session.busy) session.retire()
    if (this.#sessions.size === 0) this.#closed.resolve()
    await this.#closed.promise
  }

  async destroy(): Promise<void> {
    const closed = this.close()
    for (const session of this.#sessions) session.destroy()
    await closed
  }

  #sessionFor({ fresh }: Http2Exchange): Http2Session {
    if (this.#closed) throw new Error('closed')
    const now = performance.now()
    for (const session of this.#sessions) {
      if (session.expiresAt <= now) session.retire()
      else if (session.hasRoom && !(fresh && session.served)) return session
    }
    const session = new Http2Session(this)
    this.#sessions.add(session)
    this.#observer?.openConnection()
    return session
  }

  #closeExpired(): void {
    const now = performance.now()
    for (const session of this.#sessions) if (session.expiresAt <= now) session.retire()
  }
}
