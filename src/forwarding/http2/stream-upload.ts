import type { ClientHttp2Stream } from 'node:http2'
import { BodyUpload } from '../body-upload.ts'
import type { UpstreamRequest } from '../connection.ts'
import { trailerFields } from './request-fields.ts'

/** Writes a request's body to its stream of HTTP/2, then its trailers. */
export class StreamUpload extends BodyUpload {
  readonly #stream: ClientHttp2Stream
  readonly #onDrain = (): void => this.drained()

  /**
   * @param length - What the head says of the body's length; undefined when it says nothing.
   * @param onBroken - The body ended too early, too late, or broke. Called at most once.
   */
  constructor(
    request: UpstreamRequest,
    length: number | undefined,
    stream: ClientHttp2Stream,
    onBroken: () => void
  ) {
    super(request, length, onBroken)
    this.#stream = stream
  }

  override start(): void {
    this.#stream.on('drain', this.#onDrain)
    this.#stream.once('wantTrailers', () => this.#sendTrailers())
    super.start()
  }

  override stop(): void {
    this.#stream.off('drain', this.#onDrain)
    super.stop()
  }

  protected override write(chunk: Buffer): boolean {
    return this.#stream.write(chunk)
  }

  protected override finish(): void {
    this.#stream.end()
  }

  #sendTrailers(): void {
    if (!this.complete || this.#stream.destroyed) return
    try {
      // Unlike in HTTP/1.1, what has a length may have some. Without any, Node ends the stream with an empty DATA frame.
      this.#stream.sendTrailers(trailerFields(this.request.trailers?.() ?? []))
    } catch {
      this.onBroken()
    }
  }
}
