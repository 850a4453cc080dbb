import { type ClientHttp2Session, connect, constants } from 'node:http2'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { FailureReason } from '../connection.ts'
import { dial, type Origin, readyEvent, type TlsSettings } from '../http1/dial.ts'
import { connectFailure } from '../http1/failure-reason.ts'
import type { Http2Exchange, StreamOwner } from './http2-exchange.ts'
import { type PingTimes, PingWatch } from './ping-watch.ts'
import { isNoHttp2 } from './stream-failure.ts'

/** What a session needs to know of the connections that it belongs to. */
export interface SessionOwner {
  readonly origin: Origin
  /** Milliseconds, 0 = none. */
  readonly connectTimeout: number
  /** Bytes. */
  readonly maxResponseHead: number
  readonly tls: TlsSettings | undefined
  readonly pings: PingTimes
  /** The TLS session that the next connection resumes. */
  session: Buffer | undefined
  /** How many streams a backend takes at once, as far as it is known. */
  expectedStreams: number
  /** Finds another session for an exchange that this one has no room for. */
  place(exchange: Http2Exchange): void
  /** The session has nothing to do. */
  idle(session: Http2Session): void
  /** Its connection is closed. */
  forget(session: Http2Session): void
}

/** What a backend may send on one stream before it has to wait for us, in bytes. */
const STREAM_WINDOW = 256 * 1024
/**
 * The same for all of a session: more than thousands of streams have together, so that none waits for another. What comes
 * over a session counts as taken at once, so it is the windows of the streams that bound what is kept. A server of node:http2
 * resets a stream that has to wait for this window for its end, so that what has come whole would look broken.
 */
const SESSION_WINDOW = 1024 * 1024 * 1024
/** Options of node:http2 that are the same for all. */
const SESSION = {
  // What is limited is their bytes, by `maxResponseHead`; one of 64 KiB has fewer fields than this.
  maxHeaderListPairs: 16_384,
  // Megabytes. What is kept is bounded by the windows; with Node's 10, many streams at once are refused.
  maxSessionMemory: 1024,
  // A field that comes twice is the backend's to judge.
  strictSingleValueFields: false
}
/** Node resets a stream with a larger head without a reason; those a little too large are told apart by us. */
const HEAD_SLACK = 2
/** How long a backend may take to close a connection that is over, in milliseconds. */
const LINGER = 1_000

/** One connection to a backend, with its streams. */
export class Http2Session implements StreamOwner {
  readonly #owner: SessionOwner
  readonly #socket: Socket
  readonly #waiting = new Set<Http2Exchange>()
  readonly #open = new Set<Http2Exchange>()
  #connectTimer: NodeJS.Timeout | undefined
  #session: ClientHttp2Session | undefined
  #pings: PingWatch | undefined
  #error: Error | undefined
  /** Whether the backend's SETTINGS are there: it does speak HTTP/2. */
  #ready = false
  #lastStream: number | undefined

  /** Whether it takes new streams: nothing has befallen it. */
  usable = true
  served = false
  /** When it has been idle too long, by `performance.now()`; whoever keeps it writes and reads this. */
  expiresAt = Infinity

  /**
   * Dials. Nothing is sent before the backend's SETTINGS are there: they say how many streams it takes, and that it
   * speaks HTTP/2 at all, so that what fails until then can be tried elsewhere without harm.
   *
   * @throws Error when the TLS settings make no sense.
   */
  constructor(owner: SessionOwner) {
    this.#owner = owner
    const { origin, tls, session, connectTimeout } = owner
    const options = { protocol: 'h2', tls, session, onread: undefined, allowHalfOpen: false } as const
    this.#socket = dial(origin, options)
    if (connectTimeout > 0)
      this.#connectTimer = setTimeout(() => this.#break('connect_timeout'), connectTimeout)
    this.#socket.once(readyEvent(origin), () => this.#onConnected())
    if (origin.secure) this.#socket.on('session', (ticket: Buffer) => (owner.session = ticket))
    this.#socket.on('error', (error) => this.#onError(error))
    this.#socket.on('close', () => this.#onClose())
  }

  get bytesRead(): number {
    return this.#socket.bytesRead
  }

  get maxResponseHead(): number {
    return this.#owner.maxResponseHead
  }

  get broken(): boolean {
    return this.#socket.destroyed || (this.#session?.destroyed ?? false)
  }

  /** Whether anything waits for it or runs over it. */
  get busy(): boolean {
    return this.#waiting.size > 0 || this.#open.size > 0
  }

  /** Whether another stream fits in. */
  get hasRoom(): boolean {
    return this.usable && this.#waiting.size + this.#open.size < this.#limit
  }

  /** Sends a request, once it can. Only while it has room. */
  take(exchange: Http2Exchange): void {
    this.expiresAt = Infinity
    if (this.#ready) this.#begin(exchange)
    else {
      this.#waiting.add(exchange)
      exchange.waitFor(this)
    }
  }

  /** Takes no more streams; closes once the last one has. */
  retire(): void {
    this.usable = false
    if (this.busy) this.#session?.close()
    else if (this.#ready) this.#end()
    else this.destroy()
  }

  /** Closes it now; what is under way breaks. */
  destroy(): void {
    this.#break(this.#ready ? 'reset' : 'connect_failed')
  }

  isUnseen(stream: number): boolean {
    return this.#lastStream !== undefined && stream > this.#lastStream
  }

  spent(): void {
    this.usable = false
  }

  withdraw(exchange: Http2Exchange): void {
    this.#waiting.delete(exchange)
  }

  answered(): void {
    this.served = true
  }

  closed(exchange: Http2Exchange): void {
    this.#open.delete(exchange)
    this.#settle()
  }

  get #limit(): number {
    return this.#ready ? this.#session!.remoteSettings.maxConcurrentStreams! : this.#owner.expectedStreams
  }

  #onConnected(): void {
    const { origin, maxResponseHead, pings } = this.#owner
    const socket = this.#socket
    if (origin.secure && (socket as TLSSocket).alpnProtocol !== 'h2') {
      this.#break('protocol_error')
      return
    }
    const session = connect(`${origin.secure ? 'https' : 'http'}://${origin.authority}`, {
      ...SESSION,
      createConnection: () => socket,
      settings: {
        enablePush: false,
        initialWindowSize: STREAM_WINDOW,
        maxHeaderListSize: HEAD_SLACK * maxResponseHead
      }
    })
    this.#session = session
    this.#pings = new PingWatch(
      session,
      () => this.bytesRead,
      pings,
      () => this.destroy()
    )
    session.once('connect', () => session.setLocalWindowSize(SESSION_WINDOW))
    session.on('remoteSettings', () => this.#onSettings())
    session.on('goaway', (_code, lastStream) => this.#onGoaway(lastStream))
    session.on('error', (error) => (this.#error ??= error))
    session.on('close', () => this.#onSessionClose())
  }

  #onSettings(): void {
    if (this.#ready) return
    clearTimeout(this.#connectTimer)
    this.#ready = true
    const limit = this.#limit
    // Without a limit, the next connection is expected to have none either.
    if (limit > 0) this.#owner.expectedStreams = limit
    for (const exchange of this.#waiting) {
      this.#waiting.delete(exchange)
      if (this.usable && this.#open.size < limit) this.#begin(exchange)
      // Another connection would be no better.
      else if (limit === 0) exchange.fail({ reason: 'reset', sent: false, reused: false })
      else this.#owner.place(exchange)
    }
    this.#settle()
  }

  #begin(exchange: Http2Exchange): void {
    if (exchange.begin(this, this.#session!)) {
      this.#open.add(exchange)
      this.#pings!.start()
    } else this.#settle()
  }

  #onGoaway(lastStream: number): void {
    this.usable = false
    this.#lastStream = Math.min(lastStream, this.#lastStream ?? Infinity)
  }

  /** The streams' own closes say what became of them. */
  #onSessionClose(): void {
    this.usable = false
    this.#socket.destroy()
  }

  #settle(): void {
    if (this.busy) return
    this.#pings?.stop()
    if (this.usable) this.#owner.idle(this)
    else this.#end()
  }

  /** Node waits for the backend to close the connection, for as long as that takes. */
  #end(): void {
    const socket = this.#socket
    this.#session?.destroy()
    if (socket.destroyed) return
    const timer = setTimeout(() => socket.destroy(), LINGER)
    socket.once('close', () => clearTimeout(timer))
  }

  #break(reason: FailureReason): void {
    this.usable = false
    clearTimeout(this.#connectTimer)
    this.#pings?.stop()
    this.#failWaiting(reason)
    this.#session?.destroy(undefined, constants.NGHTTP2_NO_ERROR)
    this.#socket.destroy()
  }

  /** A TLS alert leaves the socket open, once it belongs to a session. */
  #onError(error: Error): void {
    this.usable = false
    this.#error ??= error
    setImmediate(() => this.#socket.destroy())
  }

  #onClose(): void {
    this.#break(isNoHttp2(this.#error) ? 'protocol_error' : connectFailure(this.#error))
    this.#owner.forget(this)
  }

  #failWaiting(reason: FailureReason): void {
    for (const exchange of this.#waiting) {
      this.#waiting.delete(exchange)
      exchange.fail({ reason, sent: false, reused: false })
    }
  }
}
