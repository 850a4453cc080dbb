import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { blameClient, isExemptFromSendTimeout } from '../slow-reader.ts'
import type { ConnectionUser } from './client-connection.ts'
import type { ListenerLimits } from './client-limits.ts'
import type { Visit } from './visit.ts'
import { WriteProgress } from './write-progress.ts'

/** Requests that may wait behind another on one connection before nothing more is read from it. */
const MAX_WAITING = 16
/** How long a client that goes on may be silent behind a response that has kept its connection, in milliseconds. */
const QUIET_PATIENCE = 250
/** The same when something has come, be it the beginning of a request or an empty line. */
const REST_PATIENCE = 1_000
/** What Node's server adds to the keep-alive timeout by default, in milliseconds. */
const KEEP_ALIVE_BUFFER = 1_000

/**
 * A socket with what Node's server itself pauses it by: its parser takes bytes past the stream, so that pausing the
 * stream alone stops nothing, and there is no public name for it.
 */
type ParsedSocket = Duplex & { _paused?: boolean; parser?: { resume(): void } | null }

/**
 * The requests of one client connection, one after the other: the next may depend on what the one before does, so it
 * waits (RFC 9112 section 9.3.2).
 */
export class Turns implements ConnectionUser {
  readonly #socket: ParsedSocket
  readonly #below: Socket
  readonly #progress: WriteProgress
  readonly #limits: ListenerLimits
  #waiting: Visit[] = []
  #current: Visit | undefined
  #last: Visit | undefined
  #idleSince = performance.now()
  /** What had been read when it was last looked at, since when that is all, and whether any came behind the last request. */
  #seen = 0
  #seenAt = 0
  #hasMore = false

  /** @param below - The TCP connection below it, or itself. */
  constructor(socket: Duplex, below: Socket, limits: ListenerLimits) {
    this.#socket = socket
    this.#below = below
    this.#progress = new WriteProgress(below)
    this.#limits = limits
  }

  get idleSince(): number | undefined {
    return this.#current || this.#waiting.length > 0 ? undefined : this.#idleSince
  }

  /**
   * Whether nothing has come since the last response for long enough to take it that nothing is on its way. Called now and
   * again; it notices only then what came.
   */
  isQuiet(now: number): boolean {
    if (this.idleSince === undefined || !this.#last?.isOver || !this.#last.response.req.complete) return false
    const { bytesRead } = this.#below
    if (bytesRead !== this.#seen) {
      this.#seen = bytesRead
      this.#seenAt = now
      this.#hasMore = true
    }
    return now - this.#seenAt >= (this.#hasMore ? REST_PATIENCE : QUIET_PATIENCE)
  }

  /** The last request that came. */
  get last(): Visit | undefined {
    return this.#last
  }

  /** Whether nothing more is read for now: what comes late then is not the client's fault. */
  get isPaused(): boolean {
    return this.#waiting.length > MAX_WAITING
  }

  /** Serves a request when it is its turn; never when its connection is gone by then. */
  take(visit: Visit): void {
    visit.turns = this
    this.#last = visit
    if (this.#current) {
      this.#waiting.push(visit)
      if (this.isPaused) this.#pause()
    } else this.#begin(visit)
  }

  /** One of the requests is over. */
  onOver(visit: Visit): void {
    if (visit !== this.#current) return
    this.#current = undefined
    this.#idleSince = performance.now()
    this.#seen = this.#below.bytesRead
    this.#seenAt = this.#idleSince
    this.#hasMore = false
    // Not at once: a thousand waiting ones must not end within one another.
    if (this.#waiting.length > 0) process.nextTick(() => this.#next())
  }

  check(now: number, heldUp: number): void {
    if (this.#isIdleTooLong(now)) this.#below.destroy()
    else if (this.#limits.sendTimeout > 0) this.#checkReading(now, heldUp)
  }

  /**
   * Node begins to count its keep-alive timeout anew with every byte, also of empty lines between requests. What is on
   * its way for longer than a head may be is none.
   */
  #isIdleTooLong(now: number): boolean {
    const { idleSince } = this
    // Until the first request Node counts itself, and so it does for the body of one that was answered early.
    if (idleSince === undefined || !this.#last?.response.req.complete) return false
    const { keepAliveTimeout, headersTimeout } = this.#limits
    return now - idleSince >= keepAliveTimeout + KEEP_ALIVE_BUFFER + headersTimeout
  }

  /** Cuts the connection when its client takes nothing of what is sent to it for too long. */
  #checkReading(now: number, heldUp: number): void {
    if (this.#progress.stalledFor(now, heldUp) < this.#limits.sendTimeout) return
    const current = this.#current
    if (current?.isJoined || (current && isExemptFromSendTimeout(current.response))) return
    if (current) blameClient(current.response)
    // Not just closed: to a client of HTTP/1.0 what it has would look whole.
    this.#below.resetAndDestroy()
  }

  #pause(): void {
    this.#socket._paused = true
    this.#socket.pause()
  }

  #resume(): void {
    this.#socket._paused = false
    this.#socket.parser?.resume()
    this.#socket.resume()
  }

  #begin(visit: Visit): void {
    this.#current = visit
    visit.serve()
  }

  #next(): void {
    if (this.#current) return
    if (!this.#socket.writable) {
      this.#giveUp()
      return
    }
    const next = this.#waiting.shift()
    if (this.#waiting.length === MAX_WAITING) this.#resume()
    if (next) this.#begin(next)
  }

  /** The responses of those that wait never had the socket, so nobody else says that they are over. */
  #giveUp(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const { response } of waiting) response.emit('close')
  }
}
