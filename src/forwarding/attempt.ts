import type { Duplex } from 'node:stream'
import type { TimeoutsConfig } from '../config/types.ts'
import type { Backend } from '../upstreams/backend.ts'
import type {
  Exchange,
  FailureReason,
  ResponseSink,
  UpstreamConnection,
  UpstreamRequest
} from './connection.ts'

/** The request that an attempt works for. */
export interface AttemptOwner {
  onHead(status: number, statusText: string, headers: string[]): void
  onBody(chunk: Buffer, resume: () => void): boolean
  onEnd(trailers: string[]): void
  onUpgrade(headers: string[], socket: Duplex, onClose: () => void): void
  onFailure(reason: FailureReason, sent: boolean): void
}

/**
 * One try at one backend. Counts itself in and out of the backend's in-flight number exactly once, whatever ends it:
 * the response's end, a failure, the response timeout, the client's leaving, or the close of upgraded sockets.
 */
export class Attempt implements ResponseSink {
  readonly #backend: Backend
  readonly #timeouts: TimeoutsConfig
  readonly #owner: AttemptOwner
  readonly #resume = (): void => this.#exchange?.resume()
  #exchange: Exchange | undefined
  #body: UpstreamRequest['body'] = null
  #timer: NodeJS.Timeout | undefined
  #startedAt = 0
  #sent = false
  #over = false

  constructor(backend: Backend, timeouts: TimeoutsConfig, owner: AttemptOwner) {
    this.#backend = backend
    this.#timeouts = timeouts
    this.#owner = owner
  }

  start(connection: UpstreamConnection, request: UpstreamRequest): void {
    this.#body = request.body
    this.#startedAt = performance.now()
    this.#backend.begin()
    this.#exchange = connection.send(request, this)
  }

  /** The client is gone. */
  abort(): void {
    if (this.#over) return
    this.#finish(false)
    this.#exchange?.abort()
  }

  onSending(): void {
    this.#sent = true
    // The backend can't be blamed for the time that the client takes to send its body.
    if (this.#body && !this.#body.readableEnded) this.#body.once('end', () => this.#startTimer())
    else this.#startTimer()
  }

  onHead(status: number, statusText: string, headers: string[]): void {
    if (this.#over) return
    this.#answered()
    try {
      this.#owner.onHead(status, statusText, headers)
    } catch {
      // Node refuses to write a head that is no HTTP.
      this.#fail('protocol_error')
      this.#exchange?.abort()
    }
  }

  onBody(chunk: Buffer): boolean {
    return this.#over || this.#owner.onBody(chunk, this.#resume)
  }

  onEnd(trailers: string[]): void {
    if (this.#over) return
    this.#finish(false)
    this.#owner.onEnd(trailers)
  }

  onUpgrade(headers: string[], socket: Duplex): void {
    if (this.#over) {
      socket.destroy()
      return
    }
    this.#answered()
    this.#owner.onUpgrade(headers, socket, () => this.#finish(false))
  }

  onFailure(reason: FailureReason): void {
    if (!this.#over) this.#fail(reason)
  }

  #answered(): void {
    clearTimeout(this.#timer)
    this.#backend.answered((performance.now() - this.#startedAt) / 1000)
  }

  #startTimer(): void {
    if (this.#over || this.#timeouts.response === 0) return
    this.#timer = setTimeout(() => {
      this.#fail('response_timeout')
      this.#exchange?.abort()
    }, this.#timeouts.response)
  }

  #fail(reason: FailureReason): void {
    this.#finish(true)
    this.#owner.onFailure(reason, this.#sent)
  }

  #finish(failed: boolean): void {
    if (this.#over) return
    this.#over = true
    clearTimeout(this.#timer)
    this.#backend.end(failed)
  }
}
