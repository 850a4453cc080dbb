import type { Duplex } from 'node:stream'
import type { TimeoutsConfig } from '../config/types.ts'
import type { AttemptSpan } from '../telemetry/request-trace.ts'
import type { Backend, Outcome } from '../upstreams/backend.ts'
import type { BegunSpan } from './attempt-span.ts'
import type { Exchange, Failure, ResponseSink, UpstreamConnection, UpstreamRequest } from './connection.ts'

/** The request that an attempt works for. */
export interface AttemptOwner {
  /** Something is on its way to the backend. */
  onSending(): void
  onInformation(status: number, statusText: string, headers: string[]): void
  /** @returns Whether the response is wanted; otherwise it is thrown away. */
  onHead(status: number, statusText: string, headers: string[]): boolean
  onBody(chunk: Buffer): boolean
  onEnd(trailers: string[]): void
  onUpgrade(headers: string[], socket: Duplex, onClose: () => void): void
  /**
   * A kept-alive connection turned out to be closed.
   *
   * @returns Whether the request goes out again by {@link Attempt.resend}; otherwise the attempt has failed.
   */
  onStale(failure: Failure): boolean
  onFailure(failure: Failure): void
}

/** How long a response that is thrown away may take to end before its connection is closed, in milliseconds. */
const DISCARD_TIMEOUT = 1_000
/** How much of it may come, in bytes: less than a new connection costs. */
const DISCARD_LIMIT = 16 * 1024

/** Why an attempt failed whose answer was whole. */
const FAILED_STATUS = 'status_5xx'

/**
 * One try at one backend, which was counted in when it was picked. Counts itself out exactly once, whatever ends it:
 * the response's end, a failure, a timeout, the client's leaving, or the close of upgraded sockets.
 */
export class Attempt implements ResponseSink {
  readonly backend: Backend
  readonly #timeouts: TimeoutsConfig
  readonly #owner: AttemptOwner
  /** Of what its backend is told is the parent of its own span. */
  readonly spanId: string
  readonly #span: AttemptSpan | undefined
  #exchange: Exchange | undefined
  #body: UpstreamRequest['body'] = null
  #timer: NodeJS.Timeout | undefined
  #startedAt = 0
  #hasAnswered = false
  #awaitsContinue = false
  #over = false
  /** What came of it so far, as far as the backend is concerned. */
  outcome: Outcome = 'undecided'
  /** Bytes that may still be thrown away; undefined while the response is wanted. */
  #discard: number | undefined
  #failed = false

  /** @param begun - Told how it went, where its trace is exported. */
  constructor(backend: Backend, timeouts: TimeoutsConfig, owner: AttemptOwner, begun: BegunSpan) {
    this.backend = backend
    this.#timeouts = timeouts
    this.#owner = owner
    this.spanId = begun.id
    this.#span = begun.span
  }

  /** Whether its response has begun and goes on. */
  get isAnswering(): boolean {
    return this.#hasAnswered && !this.#over
  }

  /**
   * @param awaitsContinue - Whether the client holds its body back until the backend's 100.
   * @throws TypeError when the request can't be sent; then the attempt is to be aborted.
   */
  start(connection: UpstreamConnection, request: UpstreamRequest, awaitsContinue = false): void {
    this.resend(connection, request, awaitsContinue)
    this.backend.begin()
  }

  /** Goes on over another connection, in the place that it has. Parameters as of {@link start}. */
  resend(connection: UpstreamConnection, request: UpstreamRequest, awaitsContinue: boolean): void {
    this.#body = request.body
    this.#awaitsContinue = awaitsContinue
    this.#startedAt = performance.now()
    this.#exchange = connection.send(request, this)
  }

  /** Goes on after {@link AttemptOwner.onBody} returned false. */
  resume(): void {
    this.#exchange?.resume()
  }

  /** The request's body has gone out whole. */
  uploaded(): void {
    // Nor does the time that a client takes to send its body make the backend look slow.
    this.#startedAt = performance.now()
    this.#startTimer()
  }

  /**
   * The owner has no more use for it: its client is gone, or a deadline has passed.
   *
   * @param failed - By the backend's fault.
   * @param reason - As data.
   */
  abort(failed = false, reason?: string): void {
    if (this.#over) return
    if (this.#span) this.#span.reason = reason
    this.#finish(failed ? 'failed' : 'undecided', reason)
    this.#exchange?.abort()
  }

  onSending(): void {
    if (this.#over) return
    this.#owner.onSending()
    // The backend can't be blamed for the time that the client takes to send its body, but for its own 100 it can.
    if (!this.#body || this.#body.readableEnded || this.#awaitsContinue) this.#startTimer()
  }

  onInformation(status: number, statusText: string, headers: string[]): void {
    if (this.#over) return
    if (status === 100 && this.#awaitsContinue) {
      this.#awaitsContinue = false
      // From here on the client's time counts, unless it has sent its body unasked.
      if (!this.#body?.readableEnded) clearTimeout(this.#timer)
    }
    this.#owner.onInformation(status, statusText, headers)
  }

  onHead(status: number, statusText: string, headers: string[]): void {
    if (this.#over) return
    this.#answered(status)
    this.#failed = status >= 500
    try {
      if (!this.#owner.onHead(status, statusText, headers)) this.#startDiscard()
    } catch {
      // Node refuses to write a head that is no HTTP.
      this.#fail({ reason: 'protocol_error', sent: true, reused: false })
      this.#exchange?.abort()
    }
  }

  onBody(chunk: Buffer): boolean {
    if (this.#discard !== undefined) {
      this.#discard -= chunk.length
      if (this.#discard < 0) this.#exchange?.abort()
      return true
    }
    return this.#over || this.#owner.onBody(chunk)
  }

  onEnd(trailers: string[]): void {
    clearTimeout(this.#timer)
    if (this.#over) return
    this.#finish(this.#failed ? 'failed' : 'succeeded')
    this.#owner.onEnd(trailers)
  }

  onUpgrade(_statusText: string, headers: string[], socket: Duplex): void {
    if (this.#over) {
      socket.destroy()
      return
    }
    this.#answered(101)
    this.#owner.onUpgrade(headers, socket, () => this.#finish('succeeded'))
  }

  onFailure(failure: Failure): void {
    clearTimeout(this.#timer)
    if (this.#over) return
    if (failure.reused && !this.#hasAnswered && this.#owner.onStale(failure)) return
    this.#fail(failure)
  }

  #answered(status: number): void {
    this.#hasAnswered = true
    if (this.#span) this.#span.status = status
    clearTimeout(this.#timer)
    this.backend.answered((performance.now() - this.#startedAt) / 1000)
  }

  #startTimer(): void {
    if (this.#over || this.#hasAnswered || this.#timeouts.response === 0) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#exchange?.abort()
      this.#fail({ reason: 'response_timeout', sent: true, reused: false })
    }, this.#timeouts.response)
  }

  /**
   * A short rest is read, so that the connection can be used again; a long one is cut, and so is one that comes while
   * the request still goes out: its body is the next attempt's from now on.
   */
  #startDiscard(): void {
    this.#finish(this.#failed ? 'failed' : 'succeeded')
    if (this.#body && !this.#body.readableEnded) {
      this.#exchange?.abort()
      return
    }
    this.#discard = DISCARD_LIMIT
    this.#timer = setTimeout(() => this.#exchange?.abort(), DISCARD_TIMEOUT)
  }

  #fail(failure: Failure): void {
    if (this.#span) this.#span.reason = failure.reason
    // A stale connection is nobody's fault, and a client that breaks its upload is not the backend's.
    const isInnocent = failure.reused || failure.reason === 'request_aborted'
    this.#finish(isInnocent ? 'undecided' : 'failed', failure.reason)
    this.#owner.onFailure(failure)
  }

  #finish(outcome: Outcome, reason: string = FAILED_STATUS): void {
    if (this.#over) return
    this.#over = true
    this.outcome = outcome
    clearTimeout(this.#timer)
    if (this.#span) this.#span.endedAt = performance.now()
    this.backend.end(outcome, reason)
  }
}
