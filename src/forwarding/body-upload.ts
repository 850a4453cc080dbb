import type { UpstreamRequest } from './connection.ts'

/**
 * Sends a request's body to the backend as fast as both sides go, whichever HTTP the backend speaks.
 *
 * It listens to the body only while it runs and never destroys it: whoever owns it may need what is left.
 */
export abstract class BodyUpload {
  protected readonly request: UpstreamRequest
  readonly #body: NonNullable<UpstreamRequest['body']>
  protected readonly onBroken: () => void
  readonly #onData = (chunk: Buffer): void => this.#take(chunk)
  readonly #onEnd = (): void => this.#end()
  readonly #onClose = (): void => this.#broken()
  /** Bytes still to come, when that is known. */
  #rest: number | undefined
  #stopped = false
  /** Whether all of it was handed on. */
  complete = false

  /**
   * @param length - What the head says of the body's length; undefined when it says nothing.
   * @param onBroken - The body ended too early, too late, or broke. Called at most once.
   */
  constructor(request: UpstreamRequest, length: number | undefined, onBroken: () => void) {
    this.request = request
    this.#body = request.body!
    this.onBroken = onBroken
    this.#rest = length
  }

  start(): void {
    const body = this.#body
    if (body.readableEnded) {
      this.#end()
      return
    }
    if (body.destroyed) {
      process.nextTick(this.#onClose)
      return
    }
    body.on('data', this.#onData)
    body.on('end', this.#onEnd)
    body.on('error', this.#onClose)
    body.on('close', this.#onClose)
    if (body.isPaused()) body.resume()
  }

  /** Goes on after the backend has taken what it had. */
  drained(): void {
    if (!this.#stopped && this.#body.isPaused()) this.#body.resume()
  }

  /** Leaves the rest of the body, if there is one, paused to its owner. */
  stop(): void {
    if (this.#stopped) return
    this.#stopped = true
    const body = this.#body
    body.off('data', this.#onData)
    body.off('end', this.#onEnd)
    body.off('error', this.#onClose)
    body.off('close', this.#onClose)
    if (!this.complete) body.pause()
  }

  /** @returns Whether more may come at once. */
  protected abstract write(chunk: Buffer): boolean

  /** What goes behind the body. @throws TypeError when its trailers can't be sent. */
  protected ending(): string {
    return ''
  }

  /** All of the body was written. @param ending - What {@link ending} said. */
  protected abstract finish(ending: string): void

  #broken(): void {
    if (this.#stopped) return
    this.stop()
    this.onBroken()
  }

  #take(chunk: Buffer): void {
    if (chunk.length === 0) return
    this.request.progress?.onChunk(chunk)
    // Whoever was told of it may have had enough.
    if (this.#stopped) return
    if (this.#rest !== undefined) {
      this.#rest -= chunk.length
      if (this.#rest < 0) {
        this.#broken()
        return
      }
    }
    if (!this.write(chunk)) this.#body.pause()
  }

  #end(): void {
    if (this.#rest !== undefined && this.#rest > 0) {
      this.#broken()
      return
    }
    let ending: string
    try {
      ending = this.ending()
    } catch {
      this.#broken()
      return
    }
    this.complete = true
    this.stop()
    this.finish(ending)
    this.request.progress?.onSent()
  }
}
