import type { Duplex } from 'node:stream'
import type { Visit } from './visit.ts'

/** Requests that may wait behind another on one connection before nothing more is read from it. */
const MAX_WAITING = 16

/**
 * A socket with what Node's server itself pauses it by: its parser takes bytes past the stream, so that pausing the
 * stream alone stops nothing, and there is no public name for it.
 */
type ParsedSocket = Duplex & { _paused?: boolean; parser?: { resume(): void } | null }

/**
 * The requests of one client connection, one after the other: the next may depend on what the one before does, so it
 * waits (RFC 9112 section 9.3.2).
 */
export class Turns {
  readonly #socket: ParsedSocket
  #waiting: Visit[] = []
  #current: Visit | undefined
  #last: Visit | undefined

  constructor(socket: Duplex) {
    this.#socket = socket
  }

  /** The last request that came. */
  get last(): Visit | undefined {
    return this.#last
  }

  /** Serves a request when it is its turn; never when its connection is gone by then. */
  take(visit: Visit): void {
    visit.turns = this
    this.#last = visit
    if (this.#current) {
      this.#waiting.push(visit)
      if (this.#waiting.length > MAX_WAITING) this.#pause()
    } else this.#begin(visit)
  }

  /** One of the requests is over. */
  onOver(visit: Visit): void {
    if (visit !== this.#current) return
    this.#current = undefined
    // Not at once: a thousand waiting ones must not end within one another.
    if (this.#waiting.length > 0) process.nextTick(() => this.#next())
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
