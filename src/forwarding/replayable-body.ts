import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'

/** Who hears of a body on its way. */
export interface BodyListener {
  /** Some of it has moved on. */
  onMoved(): void
  /** It has gone out whole. */
  onUploaded(): void
}

/**
 * A request's body that can be sent again while it fits into a buffer: what passes through is kept, up to a limit;
 * beyond it nothing is.
 */
export class ReplayableBody {
  readonly #source: IncomingMessage
  readonly #limit: number
  readonly #listener: BodyListener
  readonly #record = (chunk: Buffer): void => this.#keep(chunk)
  #kept: Buffer[] = []
  #bytes = 0
  #isRecording = false
  #replay: Replay | undefined

  /** @param limit - Bytes that are kept at most. */
  constructor(source: IncomingMessage, limit: number, listener: BodyListener) {
    this.#source = source
    this.#limit = limit
    this.#listener = listener
  }

  /** Whether it can be sent from its beginning. */
  get isReplayable(): boolean {
    return this.#bytes === 0 || this.#bytes <= this.#limit
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
    if (this.#bytes === 0) return this.#source
    this.#replay?.destroy()
    this.#replay = new Replay(this.#kept, this.#source, this.#listener)
    this.#replay.once('end', () => this.#listener.onUploaded())
    return this.#replay
  }

  /** Keeps what passes from now on. Called when the body begins to be read, since listening sets it in motion. */
  record(): void {
    if (this.#isRecording) return
    this.#isRecording = true
    this.#source.on('data', this.#record)
    this.#source.once('end', () => {
      if (!this.#replay) this.#listener.onUploaded()
    })
  }

  /** Lets go of the source, whose rest is somebody else's. */
  release(): void {
    this.#replay?.destroy()
    this.#source.off('data', this.#record)
    this.#kept = []
  }

  #keep(chunk: Buffer): void {
    this.#listener.onMoved()
    this.#bytes += chunk.length
    if (this.#bytes <= this.#limit) this.#kept.push(chunk)
    else this.#kept = []
  }
}

/** What was kept of a body, then its rest. Destroyed, it leaves the rest untouched. */
class Replay extends Readable {
  readonly #kept: readonly Buffer[]
  readonly #source: IncomingMessage
  readonly #listener: BodyListener
  readonly #onData = (chunk: Buffer): void => {
    if (!this.push(chunk)) this.#source.pause()
  }
  readonly #onEnd = (): void => void this.push(null)
  readonly #onClose = (): void => {
    if (!this.#source.readableEnded) this.destroy()
  }
  #next = 0
  #follows = false

  constructor(kept: readonly Buffer[], source: IncomingMessage, listener: BodyListener) {
    super()
    this.#kept = kept
    this.#source = source
    this.#listener = listener
    // Until what was kept has gone, nothing more may pass.
    source.pause()
  }

  override _read(): void {
    this.#listener.onMoved()
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
