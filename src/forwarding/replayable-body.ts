import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'

/**
 * A request's body that can be sent again while it fits into a buffer: what passes through is kept, up to a limit;
 * beyond it nothing is.
 */
export class ReplayableBody {
  readonly #source: IncomingMessage
  readonly #limit: number
  readonly #record = (chunk: Buffer): void => this.#keep(chunk)
  #kept: Buffer[] = []
  #bytes = 0
  #isRecording = false

  /** @param limit - Bytes that are kept at most. */
  constructor(source: IncomingMessage, limit: number) {
    this.#source = source
    this.#limit = limit
  }

  /** Bytes that have passed through. */
  get bytes(): number {
    return this.#bytes
  }

  /** Whether it can be sent from its beginning. */
  get isReplayable(): boolean {
    return this.#bytes === 0 || this.#bytes <= this.#limit
  }

  /** The body from its beginning: what was kept, then what is still to come. */
  stream(): Readable {
    if (this.#bytes === 0) return this.#source
    // Until the replay has caught up, nothing more may pass.
    this.#source.pause()
    return Readable.from(this.#replay(), { objectMode: false })
  }

  /** Keeps what passes from now on. Called when the body begins to be read, since listening sets it in motion. */
  record(): void {
    if (this.#isRecording) return
    this.#isRecording = true
    this.#source.on('data', this.#record)
  }

  #keep(chunk: Buffer): void {
    this.#bytes += chunk.length
    if (this.#bytes <= this.#limit) this.#kept.push(chunk)
    else this.#kept = []
  }

  async *#replay(): AsyncGenerator<Buffer> {
    for (const chunk of this.#kept) yield chunk
    if (this.#source.readableEnded) return
    // What is read from here on is recorded as well: the listener is still there.
    yield* this.#source.iterator({ destroyOnReturn: false })
  }
}
