import type { ClientHttp2Session } from 'node:http2'

/** When a peer that is silent is asked whether it is still there, in milliseconds. */
export interface PingTimes {
  /** Silence before a PING, while streams are open. */
  readonly after: number
  /** How long its answer may take. */
  readonly timeout: number
}

/** What is sensible for servers that are near. */
export const PING_TIMES: PingTimes = { after: 5_000, timeout: 5_000 }

/**
 * Least time between PINGs of which nothing but their answers came, in milliseconds, by how many there were. A gRPC
 * server takes more than two that follow each other within five minutes for abuse (gRFC A8).
 */
const PAUSES = [0, 30_000, 300_000] as const

/**
 * Watches that a peer lives while streams are open: all of them hang when it is gone without a word, and so would all
 * that follow. One timer per session, that is not set again for each frame.
 */
export class PingWatch {
  readonly #session: ClientHttp2Session
  readonly #bytesRead: () => number
  readonly #times: PingTimes
  readonly #onDead: () => void
  #timer: NodeJS.Timeout | undefined
  #heard = 0
  /** Since when an answer has been waited for; kept while no stream is open, so that short ones add up. */
  #silentSince: number | undefined
  #pingedAt = 0
  #pings = 0
  #isAwaited = false

  /** @param onDead - The peer did not answer. */
  constructor(session: ClientHttp2Session, bytesRead: () => number, times: PingTimes, onDead: () => void) {
    this.#session = session
    this.#bytesRead = bytesRead
    this.#times = times
    this.#onDead = onDead
  }

  /** A stream is open. */
  start(): void {
    if (this.#timer) return
    this.#listen()
    this.#silentSince ??= performance.now()
    this.#arm()
  }

  /** No stream is. */
  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #arm(): void {
    // In a long pause, too, it is soon noticed that something came.
    const wait = Math.min(this.#dueAt() - performance.now(), this.#times.after)
    this.#timer = setTimeout(() => this.#check(), Math.max(1, wait))
  }

  #dueAt(): number {
    if (this.#isAwaited) return this.#pingedAt + this.#times.timeout
    const afterPing = this.#pingedAt + PAUSES[Math.min(this.#pings, 2)]!
    return Math.max(this.#silentSince! + this.#times.after, afterPing)
  }

  #check(): void {
    this.#listen()
    this.#silentSince ??= performance.now()
    // A timer may be early by a fraction.
    if (performance.now() + 1 >= this.#dueAt()) {
      if (this.#isAwaited) {
        this.stop()
        this.#onDead()
        return
      }
      this.#ping()
    }
    this.#arm()
  }

  /** Whatever came that is more than an answer begins everything anew. */
  #listen(): void {
    const read = this.#bytesRead()
    if (read === this.#heard) return
    this.#heard = read
    this.#silentSince = undefined
    this.#pings = 0
    this.#isAwaited = false
  }

  #ping(): void {
    this.#pings++
    this.#pingedAt = performance.now()
    this.#isAwaited = this.#session.ping(() => {
      this.#isAwaited = false
      this.#heard = this.#bytesRead()
    })
  }
}
