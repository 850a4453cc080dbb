import type { Socket } from 'node:net'
import type { UpstreamRequest } from '../connection.ts'
import { fieldLines } from './request-head.ts'

/**
 * Writes a request's body to the backend as fast as both sides go, framed as its head says.
 *
 * It listens to the body only while it runs and never destroys it: whoever owns it may need what is left.
 */
export class RequestUpload {
  readonly #request: UpstreamRequest
  readonly #body: NonNullable<UpstreamRequest['body']>
  readonly #socket: Socket
  readonly #onBroken: () => void
  readonly #onData = (chunk: Buffer): void => this.#write(chunk)
  readonly #onEnd = (): void => this.#end()
  readonly #onClose = (): void => this.#broken()
  readonly #chunked: boolean
  /** Bytes still to come, when that is known. */
  #rest: number
  #stopped = false
  /** Whether all of it was handed to the socket. */
  complete = false

  /**
   * @param length - What the head says of the body's length; undefined when it says chunked.
   * @param onBroken - The body ended too early, too late, or broke. Called at most once.
   */
  constructor(request: UpstreamRequest, length: number | undefined, socket: Socket, onBroken: () => void) {
    this.#request = request
    this.#chunked = length === undefined
    this.#body = request.body!
    this.#socket = socket
    this.#onBroken = onBroken
    this.#rest = length ?? 0
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

  /** Goes on after the socket has taken what it had. */
  drained(): void {
    if (!this.#stopped && this.#body.isPaused()) this.#body.resume()
  }

  /** Leaves the rest of the body, if there is one, paused to its owner. */
  stop(): void {
    const body = this.#body
    this.#stopped = true
    body.off('data', this.#onData)
    body.off('end', this.#onEnd)
    body.off('error', this.#onClose)
    body.off('close', this.#onClose)
    if (!this.complete) body.pause()
  }

  #write(chunk: Buffer): void {
    if (chunk.length === 0) return
    const socket = this.#socket
    let more: boolean
    if (this.#chunked) {
      socket.cork()
      socket.write(`${chunk.length.toString(16)}\r\n`, 'latin1')
      socket.write(chunk)
      more = socket.write('\r\n', 'latin1')
      socket.uncork()
    } else {
      this.#rest -= chunk.length
      if (this.#rest < 0) {
        this.#broken()
        return
      }
      more = socket.write(chunk)
    }
    if (!more) this.#body.pause()
  }

  #end(): void {
    if (this.#rest > 0) {
      this.#broken()
      return
    }
    let last = ''
    try {
      if (this.#chunked) last = `0\r\n${fieldLines(this.#request.trailers?.() ?? [])}\r\n`
    } catch {
      this.#broken()
      return
    }
    this.complete = true
    this.stop()
    if (last !== '') this.#socket.write(last, 'latin1')
  }

  #broken(): void {
    if (this.#stopped) return
    this.stop()
    this.#onBroken()
  }
}
