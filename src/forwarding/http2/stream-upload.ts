import type { ClientHttp2Stream } from 'node:http2'
import type { UpstreamRequest } from '../connection.ts'
import { trailerFields } from './request-fields.ts'

/**
 * Writes a request's body to its stream as fast as both sides go, then its trailers.
 *
 * It listens to the body only while it runs and never destroys it: whoever owns it may need what is left.
 */
export class StreamUpload {
  readonly #request: UpstreamRequest
  readonly #body: NonNullable<UpstreamRequest['body']>
  readonly #stream: ClientHttp2Stream
  readonly #onBroken: () => void
  readonly #hasLength: boolean
  readonly #onData = (chunk: Buffer): void => this.#write(chunk)
  readonly #onEnd = (): void => this.#end()
  readonly #onBrokenBody = (): void => this.#broken()
  readonly #onDrain = (): void => this.#drained()
  /** Bytes still to come, when that is known. */
  #rest: number | undefined
  #stopped = false
  /** Whether all of it was handed to the stream. */
  complete = false

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
    this.#request = request
    this.#body = request.body!
    this.#stream = stream
    this.#onBroken = onBroken
    this.#hasLength = length !== undefined
    this.#rest = length
  }

  start(): void {
    const body = this.#body
    this.#stream.on('drain', this.#onDrain)
    this.#stream.once('wantTrailers', () => this.#sendTrailers())
    if (body.readableEnded) {
      this.#end()
      return
    }
    if (body.destroyed) {
      process.nextTick(this.#onBrokenBody)
      return
    }
    body.on('data', this.#onData)
    body.on('end', this.#onEnd)
    body.on('error', this.#onBrokenBody)
    body.on('close', this.#onBrokenBody)
    if (body.isPaused()) body.resume()
  }

  /** Leaves the rest of the body, if there is one, paused to its owner. */
  stop(): void {
    if (this.#stopped) return
    this.#stopped = true
    const body = this.#body
    body.off('data', this.#onData)
    body.off('end', this.#onEnd)
    body.off('error', this.#onBrokenBody)
    body.off('close', this.#onBrokenBody)
    this.#stream.off('drain', this.#onDrain)
    if (!this.complete) body.pause()
  }

  #write(chunk: Buffer): void {
    if (chunk.length === 0) return
    if (this.#rest !== undefined) {
      this.#rest -= chunk.length
      if (this.#rest < 0) {
        this.#broken()
        return
      }
    }
    if (!this.#stream.write(chunk)) this.#body.pause()
  }

  #drained(): void {
    if (this.#body.isPaused()) this.#body.resume()
  }

  #end(): void {
    if (this.#rest !== undefined && this.#rest > 0) {
      this.#broken()
      return
    }
    this.complete = true
    this.stop()
    this.#stream.end()
  }

  #sendTrailers(): void {
    if (!this.complete || this.#stream.destroyed) return
    try {
      // What has a length has none, as in HTTP/1.1. Node ends the stream with an empty DATA frame then.
      const trailers = this.#hasLength ? [] : (this.#request.trailers?.() ?? [])
      this.#stream.sendTrailers(trailerFields(trailers))
    } catch {
      this.#onBroken()
    }
  }

  #broken(): void {
    if (this.#stopped) return
    this.stop()
    this.#onBroken()
  }
}
