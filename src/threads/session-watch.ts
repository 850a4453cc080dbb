import type { ServerResponse } from 'node:http'
import { constants, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import { blameClient, isExemptFromSendTimeout } from '../slow-reader.ts'
import type { ConnectionUser } from './client-connection.ts'
import type { ListenerLimits } from './client-limits.ts'
import { WriteProgress } from './write-progress.ts'

/**
 * Most PING frames of a client in one second. Each has to be answered; real clients send no more than one per
 * round trip, gRPC's while they get data.
 */
const MAX_PINGS = 10_000
/** The same for SETTINGS frames: real clients send a handful in all. */
const MAX_SETTINGS = 100

/** How long a client may take to read the last of a refusal, or to close its side of an ended session, in milliseconds. */
export const LINGER = 1_000

/**
 * Bytes of frames that bring no request and no body, in one second: neither Node nor nghttp2 counts WINDOW_UPDATE. Real
 * clients send one for some kilobytes that they get.
 */
const MAX_CONTROL = 512 * 1024
/** Bytes that a client may send to get a byte. */
const CONTROL_PER_BYTE = 1 / 8

/** In what time frames are counted, in milliseconds. */
const COUNTING = 1_000

/**
 * What is written at once reaches a client in one piece as far as its stream tells. What is longer than this, in bytes, may
 * take its time while anything moves on its connection.
 */
const LONG_WRITE = 256 * 1024

/** A response, what waits of it for its client, in bytes, and since when none of that was taken. */
interface Rest {
  readonly response: ServerResponse
  /** Whether its request has a body. */
  readonly isUpload: boolean
  length: number
  since: number
}

/** Ends HTTP/2 sessions for what neither Node nor nghttp2 ends them for. */
export class SessionWatch implements ConnectionUser {
  readonly session: ServerHttp2Session
  readonly #socket: Socket
  readonly #limits: ListenerLimits
  readonly #progress: WriteProgress
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
  #countedSince = performance.now()
  /** Requests that have come since then, and whether any had a body. */
  #begun = 0
  #hasUpload = false
  /** Whether any had one in the time before: what is on its way when it is answered early comes later. */
  #hadUpload = false
  /** What had been read and taken then. */
  #readBefore = 0
  #takenBefore = 0
  /** What the connection had taken at the last check. */
  #taken = 0

  /** @param socket - The TCP connection. */
  constructor(session: ServerHttp2Session, socket: Socket, limits: ListenerLimits) {
    this.session = session
    this.#socket = socket
    this.#limits = limits
    this.#progress = new WriteProgress(socket)
    session.on('ping', () => {
      if (++this.#pings > MAX_PINGS) this.#calm()
    })
    session.on('remoteSettings', () => {
      if (++this.#settings > MAX_SETTINGS) this.#calm()
    })
  }

  /** A request has come. */
  began(stream: ServerHttp2Stream, response: ServerResponse): void {
    const isUpload = !stream.endAfterHeaders
    this.#begun++
    this.#hasUpload ||= isUpload
    this.#open.set(stream, { response, isUpload, length: 0, since: 0 })
    this.#lastStream = stream.id ?? this.#lastStream
    stream.once('close', () => {
      this.#open.delete(stream)
      this.#idleSince = performance.now()
    })
  }

  get idleSince(): number | undefined {
    return this.#open.size === 0 ? this.#idleSince : undefined
  }

  check(now: number, heldUp: number): void {
    if (now - this.#countedSince >= COUNTING) this.#count(now)
    if (this.session.destroyed || (this.session.closed && this.#open.size === 0)) this.#linger(now)
    else if (this.session.closed) this.#askWhetherAlive(now)
    else if (this.#isIdleTooLong(now) || this.#isHeaderLate(now)) this.session.close()
    if (this.#limits.sendTimeout > 0) this.#checkReading(now, heldUp)
  }

  /** Looks at what came since the last time. */
  #count(now: number): void {
    const read = this.#socket.bytesRead - this.#readBefore
    const taken = this.#progress.taken - this.#takenBefore
    const { maxHeaderSize } = this.#limits
    const isOwed = MAX_CONTROL + this.#begun * 2 * maxHeaderSize + taken * CONTROL_PER_BYTE
    // What of it is a body can't be told.
    const isFlood =
      !this.#hasUpload && !this.#hadUpload && read > isOwed * ((now - this.#countedSince) / COUNTING)
    this.#pings = 0
    this.#settings = 0
    this.#begun = 0
    this.#hadUpload = this.#hasUpload
    this.#hasUpload = false
    for (const { isUpload } of this.#open.values()) this.#hasUpload ||= isUpload
    this.#readBefore += read
    this.#takenBefore += taken
    this.#countedSince = now
    if (isFlood && !this.session.destroyed) this.#calm()
  }

  /** Ends what the client does not read: of its streams those, or all if it reads nothing from the connection. */
  #checkReading(now: number, heldUp: number): void {
    const { sendTimeout } = this.#limits
    const { taken } = this.#progress
    const hasMoved = taken !== this.#taken
    this.#taken = taken
    const isStuck = this.#progress.stalledFor(now, heldUp) >= sendTimeout
    // All streams wait for the connection then, each for its turn, and it is slow but moves.
    const isShared = hasMoved && this.#progress.isWaiting
    let mayRest = false
    for (const [stream, rest] of this.#open) {
      if (rest.since > 0) rest.since += heldUp
      if (isExemptFromSendTimeout(rest.response)) mayRest = true
      else if (unreadFor(stream, rest, hasMoved, isShared, now) >= sendTimeout) {
        blameClient(rest.response)
        stream.close(constants.NGHTTP2_CANCEL)
      }
    }
    if (!isStuck || mayRest) return
    for (const { response } of this.#open.values()) blameClient(response)
    this.#socket.destroy()
  }

  #isIdleTooLong(now: number): boolean {
    // Who has connected has something to ask.
    const patience = this.#lastStream === 0 ? this.#limits.headersTimeout : this.#limits.keepAliveTimeout
    return this.#open.size === 0 && now - this.#idleSince >= patience
  }

  /** nghttp2 knows of a stream as soon as its header begins, Node's users when it has ended (CONTINUATION frames). */
  #isHeaderLate(now: number): boolean {
    const begun = this.session.state.lastProcStreamID ?? 0
    if (begun <= this.#lastStream) this.#headerSince = undefined
    else this.#headerSince ??= now
    return this.#headerSince !== undefined && now - this.#headerSince >= this.#limits.headersTimeout
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
    } else if (now - this.#pingedSince >= this.#limits.headersTimeout) this.#socket.destroy()
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

/**
 * For how many milliseconds a client has taken nothing of what waits for it on a stream.
 *
 * @param hasMoved - Whether anything was taken from the connection since the last check.
 * @param isShared - Whether it is the connection that it waits for, not its own window.
 */
function unreadFor(
  stream: ServerHttp2Stream,
  rest: Rest,
  hasMoved: boolean,
  isShared: boolean,
  now: number
): number {
  const { writableLength, writableEnded } = stream
  // A whole response has its end to be sent, too.
  const isWaiting = writableEnded || writableLength > 0
  const isMoving = isShared || (hasMoved && writableLength > LONG_WRITE)
  if (rest.since === 0 || !isWaiting || writableLength !== rest.length || isMoving) {
    rest.length = writableLength
    rest.since = now
  }
  return now - rest.since
}
