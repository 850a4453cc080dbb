import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import type { ProblemError } from '../problem.ts'
import { http2Stream } from '../raw-messages.ts'
import type { BodyProgress } from './connection.ts'
import { bodyTooLarge } from './failure.ts'
import { collectedUpload } from './collected-upload.ts'

/** Who hears of a body on its way. */
export interface BodyListener {
  /** Some of it has moved on. */
  onMoved(): void
  /** It has gone out whole. */
  onUploaded(): void
  /** It is not what it may be, and what came last goes nowhere. @param problem - What to answer. */
  onRefused(problem: ProblemError): void
}

/** How much of a body there may be, in bytes. */
export interface BodySizes {
  /** The most that is passed on; Infinity = any. */
  readonly limit: number
  /** The most that is kept to be sent again. */
  readonly buffer: number
}

/**
 * A request's body that can be sent again while it fits into a buffer: what passes through is kept, as long as all of it
 * fits; beyond that nothing is. It passes on no more than its limit, whatever it was said to be.
 */
export class ReplayableBody implements BodyProgress {
  readonly #source: IncomingMessage
  readonly #sizes: BodySizes
  readonly #listener: BodyListener
  #kept: Buffer[] = []
  #bytes = 0
  /** Whether somebody has read all of it already. */
  #isCollected = false
  #replay: Replay | undefined

  constructor(source: IncomingMessage, sizes: BodySizes, listener: BodyListener) {
    this.#source = source
    this.#sizes = sizes
    this.#listener = listener
    const collected = collectedUpload(source)
    if (!collected) return
    this.#isCollected = true
    this.#kept = [...collected]
    this.#bytes = collected.reduce((sum, { length }) => sum + length, 0)
  }

  /** Whether it can be sent from its beginning. */
  get isReplayable(): boolean {
    return this.#isCollected || this.#bytes === 0 || this.#bytes <= this.#sizes.buffer
  }

  /** Whether its header says that it is larger than it may be. */
  get isTooLarge(): boolean {
    return Number(this.#source.headers['content-length'] ?? 0) > this.#sizes.limit
  }

  /** Whether all of it has come from the client, be it read or not. */
  get hasArrived(): boolean {
    const source = this.#source
    return source.readableEnded || (http2Stream(source)?.state.remoteClose ?? Number(source.complete)) === 1
  }

  /** Whether it has ended without a byte. */
  get isEmpty(): boolean {
    return this.#bytes === 0 && this.#source.readableEnded
  }

  /** Whether the gateway waits for more of it from the client, and not the client for the gateway. */
  get isAwaited(): boolean {
    const { readableEnded, readableLength } = this.#source
    return !readableEnded && readableLength === 0 && !this.#source.isPaused()
  }

  /** The body from its beginning: what was kept, then what is still to come. Only the last one that was made goes on. */
  stream(): Readable {
    if (this.#bytes === 0 && !this.#isCollected) return this.#source
    this.#replay?.destroy()
    this.#replay = new Replay(this.#kept, this.#source, (chunk) => this.#keep(chunk))
    return this.#replay
  }

  onChunk(chunk: Buffer): void {
    this.#listener.onMoved()
    // A replay has kept it already.
    if (!this.#replay) this.#keep(chunk)
  }

  onSent(): void {
    this.#listener.onUploaded()
  }

  /** Lets go of the source, whose rest is somebody else's. */
  release(): void {
    this.#replay?.destroy()
    this.#kept = []
  }

  /** @returns Whether it goes further: there may be so much. */
  #keep(chunk: Buffer): boolean {
    this.#bytes += chunk.length
    const { limit, buffer } = this.#sizes
    if (this.#bytes <= buffer) this.#kept.push(chunk)
    else this.#kept = []
    if (this.#bytes <= limit) return true
    this.#listener.onRefused(bodyTooLarge())
    return false
  }
}

/** What was kept of a body, then its rest. Destroyed, it leaves the rest untouched. */
class Replay extends Readable {
  readonly #kept: readonly Buffer[]
  readonly #source: IncomingMessage
  readonly #keep: (chunk: Buffer) => boolean
  readonly #onData = (chunk: Buffer): void => {
    if (this.#keep(chunk) && !this.push(chunk)) this.#source.pause()
  }
  readonly #onEnd = (): void => void this.push(null)
  readonly #onClose = (): void => {
    if (!this.#source.readableEnded) this.destroy()
  }
  #next = 0
  #follows = false

  /** @param keep - Called with what comes beyond that; false when it goes no further. */
  constructor(kept: readonly Buffer[], source: IncomingMessage, keep: (chunk: Buffer) => boolean) {
    super()
    this.#kept = kept
    this.#source = source
    this.#keep = keep
    // Until what was kept has gone, nothing more may pass.
    source.pause()
  }

  override _read(): void {
    if (this.#follows) {
      this.#source.resume()
      return
    }
    while (this.#next < this.#kept.length) if (!this.push(this.#kept[this.#next++])) return
    this.#follow()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    const source = this.#source
    source.off('data', this.#onData)
    source.off('end', this.#onEnd)
    source.off('close', this.#onClose)
    done(error)
  }

  #follow(): void {
    const source = this.#source
    this.#follows = true
    if (source.readableEnded) {
      this.push(null)
      return
    }
    if (source.destroyed) {
      this.destroy()
      return
    }
    source.on('data', this.#onData)
    source.on('end', this.#onEnd)
    source.on('close', this.#onClose)
    source.resume()
  }
}
