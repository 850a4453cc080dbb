import { constants, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import type { TLSSocket } from 'node:tls'
import type { ClientLimits } from './client-limits.ts'

/**
 * Most PING frames of a client in one check interval. Each has to be answered; real clients send no more than one per
 * round trip, gRPC's while they get data.
 */
const MAX_PINGS = 10_000
/** The same for SETTINGS frames: real clients send a handful in all. */
const MAX_SETTINGS = 100

/** How long a client may take to read the last of a refusal, or to close its side of an ended session, in milliseconds. */
export const LINGER = 1_000

/** What is left of a whole response, in bytes, and since when (0 = it is not whole). */
interface Rest {
  length: number
  since: number
}

/** Ends HTTP/2 sessions for what neither Node nor nghttp2 ends them for. */
export class SessionWatch {
  readonly session: ServerHttp2Session
  readonly #socket: TLSSocket
  readonly #limits: ClientLimits
  readonly #open = new Map<ServerHttp2Stream, Rest>()
  /** The last stream whose header came whole. */
  #lastStream = 0
  #idleSince = performance.now()
  /** Since when a header is on its way. */
  #headerSince: number | undefined
  #endedSince: number | undefined
  /** Since when a PING is on its way. */
  #pingedSince: number | undefined
  #pings = 0
  #settings = 0

  constructor(session: ServerHttp2Session, socket: TLSSocket, limits: ClientLimits) {
    this.session = session
    this.#socket = socket
    this.#limits = limits
    session.on('ping', () => {
      if (++this.#pings > MAX_PINGS) this.#calm()
    })
    session.on('remoteSettings', () => {
      if (++this.#settings > MAX_SETTINGS) this.#calm()
    })
  }

  /** A request has come. */
  began(stream: ServerHttp2Stream): void {
    this.#open.set(stream, { length: 0, since: 0 })
    this.#lastStream = stream.id ?? this.#lastStream
    stream.once('close', () => {
      this.#open.delete(stream)
      this.#idleSince = performance.now()
    })
  }

  /** To be called once per check interval. @param now - Of `performance.now`. */
  check(now: number): void {
    this.#pings = 0
    this.#settings = 0
    if (this.session.destroyed || (this.session.closed && this.#open.size === 0)) this.#linger(now)
    else if (this.session.closed) this.#askWhetherAlive(now)
    else if (this.#isIdleTooLong(now) || this.#isHeaderLate(now)) this.session.close()
    for (const [stream, rest] of this.#open)
      if (this.#isUnread(stream, rest, now)) stream.close(constants.NGHTTP2_CANCEL)
  }

  #isIdleTooLong(now: number): boolean {
    // Who has connected has something to ask.
    const patience = this.#lastStream === 0 ? this.#limits.headers : this.#limits.keepAlive
    return this.#open.size === 0 && now - this.#idleSince >= patience
  }

  /** nghttp2 knows of a stream as soon as its header begins, Node's users when it has ended (CONTINUATION frames). */
  #isHeaderLate(now: number): boolean {
    const begun = this.session.state.lastProcStreamID ?? 0
    if (begun <= this.#lastStream) this.#headerSince = undefined
    else this.#headerSince ??= now
    return this.#headerSince !== undefined && now - this.#headerSince >= this.#limits.headers
  }

  /**
   * After a GOAWAY, an error of the connection makes Node read no more, but neither close it nor see it closed; its
   * streams would stay for ever.
   */
  #askWhetherAlive(now: number): void {
    if (this.#pingedSince === undefined) {
      this.#pingedSince = now
      this.session.ping((error) => {
        if (!error) this.#pingedSince = undefined
      })
    } else if (now - this.#pingedSince >= this.#limits.headers) this.#socket.destroy()
  }

  /** Whether a client takes nothing of what is left of a whole response, for which nobody waits any more. */
  #isUnread(stream: ServerHttp2Stream, rest: Rest, now: number): boolean {
    if (!stream.writableEnded) return false
    if (rest.since === 0 || stream.writableLength !== rest.length) {
      rest.length = stream.writableLength
      rest.since = now
    }
    return now - rest.since >= this.#limits.headers
  }

  /** Node waits for ever until a client reads what is left and closes its side. */
  #linger(now: number): void {
    this.#endedSince ??= now
    if (now - this.#endedSince >= LINGER) this.#socket.destroy()
  }

  #calm(): void {
    this.session.destroy(new Error('a flood of control frames'), constants.NGHTTP2_ENHANCE_YOUR_CALM)
  }
}
