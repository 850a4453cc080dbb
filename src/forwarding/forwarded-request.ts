import type { Duplex } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ProblemError } from '../problem.ts'
import { hasBody, http2Stream, isGone, isWhole, onceOver } from '../raw-messages.ts'
import type { RequestRecord } from '../telemetry/request-record.ts'
import type { Backend } from '../upstreams/backend.ts'
import { Attempt, type AttemptOwner } from './attempt.ts'
import { BodyWatch } from './body-watch.ts'
import { Candidates } from './candidates.ts'
import { chooseResponse } from './choose-response.ts'
import type { ClientResponse } from './client-response.ts'
import type { Failure, FailureReason } from './connection.ts'
import { expectsContinue } from './expect.ts'
import {
  badUpload,
  clientTooSlow,
  failureProblem,
  noUsableBackend,
  noWebSocket,
  tooLarge
} from './failure.ts'
import { type BodyListener, ReplayableBody } from './replayable-body.ts'
import { mayReplace, mayRetryFailure, mayRetryStatus, retryAfter, secondsUntilWell } from './retry.ts'
import type { ForwardingTarget } from './targets.ts'
import { discardUpload } from './unread-upload.ts'
import { asksForWebSocket, type PendingUpgrade, pendingUpgrade } from './upgrade.ts'
import { upstreamRequest } from './upstream-request.ts'

/** The longest that a timer can wait, in milliseconds. */
const MAX_WAIT = 2 ** 31 - 1

/**
 * One request on its way: picks a backend, tries it, tries another while that is safe, and passes the response on as
 * a stream, or whole (`mode: buffered`).
 */
export class ForwardedRequest implements AttemptOwner, BodyListener {
  readonly #request: FastifyRequest
  readonly #reply: FastifyReply
  readonly #target: ForwardingTarget
  readonly #path: string
  readonly #record: RequestRecord
  readonly #body: ReplayableBody | undefined
  readonly #upgrade: PendingUpgrade | undefined
  readonly #response: ClientResponse
  readonly #watch: BodyWatch
  readonly #candidates: Candidates
  #attempt: Attempt | undefined
  #retries = 0
  #deadline: NodeJS.Timeout | undefined
  #pause: NodeJS.Timeout | undefined
  /** Whether it is decided what the client gets. */
  #over = false

  /** @param path - Path and query for the backend, byte for byte. */
  constructor(request: FastifyRequest, reply: FastifyReply, target: ForwardingTarget, path: string) {
    this.#request = request
    this.#reply = reply
    this.#target = target
    this.#path = path
    this.#record = request.record
    const { raw } = request
    this.#body = hasBody(raw) ? new ReplayableBody(raw, target.retry.bodyBuffer, this) : undefined
    this.#upgrade = pendingUpgrade(raw)
    this.#response = chooseResponse(request, reply, target.route, this.#onTooLarge)
    this.#candidates = new Candidates(target.balancer)
    this.#watch = new BodyWatch(target.timeouts.idle, () => this.#onIdle())
  }

  /** Begins. The reply is answered, or hijacked, or its client is gone, some time later. */
  start(): void {
    const { budget, group, timeouts } = this.#target
    if (isGone(this.#reply.raw)) {
      // It has left while a hook was busy; nobody will say so again.
      this.#reply.hijack()
      return
    }
    budget.enter()
    onceOver(this.#reply.raw, () => this.#onClientClose())
    if (timeouts.total > 0) this.#deadline = setTimeout(() => this.#onDeadline(), this.#timeLeft())
    if (group.settings.protocol === 'h2' && asksForWebSocket(this.#request.raw)) this.#answer(noWebSocket())
    else this.#next('no_usable_backend')
  }

  onSending(): void {
    if (!this.#body) return
    this.#body.record()
    if (!this.#body.isEmpty) this.#watch.start()
  }

  /** Some of the request's body has moved on. */
  onMoved(): void {
    this.#watch.moved()
  }

  /** The request's body has gone out whole. */
  onUploaded(): void {
    this.#attempt?.uploaded()
    // What the backend then takes to answer is no silence of a body.
    if (!this.#attempt?.isAnswering) this.#watch.stop()
  }

  onInformation(status: number, statusText: string, headers: string[]): void {
    this.#watch.moved()
    if (status === 100 && !expectsContinue(this.#request.raw)) return
    this.#response.inform(status, statusText, headers)
  }

  /** @returns false when the response is thrown away for another attempt. */
  onHead(status: number, statusText: string, headers: string[]): boolean {
    if (this.#retryStatus(status, headers)) return false
    this.#response.begin(status, statusText, headers, this.#attempt!.backend)
    // One that is collected first may still fail.
    if (this.#response.hasBegun) this.#settle()
    this.#record.firstByteAt = performance.now()
    this.#record.bytes = 0
    // Most responses end before this runs, and need neither.
    process.nextTick(followUp, this)
    return true
  }

  /** A response has begun whose body did not come along with its head. */
  onBegun(): void {
    if (!this.#attempt!.isAnswering || isGone(this.#reply.raw)) return
    this.#response.flush()
    if (this.#response.isEventStream) this.#watch.stop()
    else this.#watch.start()
  }

  onBody(chunk: Buffer): boolean {
    this.#watch.moved()
    this.#record.bytes += chunk.length
    return this.#response.write(chunk, this.#resume)
  }

  onEnd(trailers: string[]): void {
    this.#watch.stop()
    this.#settle()
    this.#response.end(trailers)
  }

  onUpgrade(headers: string[], socket: Duplex, onClose: () => void): void {
    this.#settle()
    this.#record.firstByteAt = performance.now()
    this.#response.join(this.#upgrade!, headers, socket, onClose)
  }

  onFailure(failure: Failure): void {
    // The client broke its upload: its connection's close, about to come, says all.
    const hasLeft = this.#request.raw.destroyed || isGone(this.#reply.raw)
    if (failure.reason === 'request_aborted' && hasLeft) return
    if (this.#response.hasBegun) {
      this.#watch.stop()
      this.#record.reason = failure.reason
      this.#response.destroy()
      return
    }
    this.#watch.stop()
    const { retry } = this.#target
    const request = this.#retryable()
    if (failure.reason === 'request_aborted') this.#answer(badUpload())
    else if (mayReplace(failure, request, retry)) this.#send(this.#attempt!.backend, true)
    else if (mayRetryFailure(failure, request, retry) && this.#takeRetry(failure.sent))
      this.#next(failure.reason)
    else this.#answer(failureProblem(failure.reason))
  }

  readonly #onTooLarge = (): void => {
    this.#attempt?.abort()
    this.#record.bytes = 0
    this.#answer(tooLarge())
  }

  readonly #resume = (): void => {
    this.#watch.moved()
    this.#attempt?.resume()
  }

  /** @param reason - Why it is not answered yet, for when there is nobody to ask. */
  #next(reason: FailureReason | 'no_usable_backend'): void {
    const backend = this.#candidates.pick()
    if (backend) this.#begin(backend)
    else if (reason === 'no_usable_backend')
      this.#answer(noUsableBackend(secondsUntilWell(this.#target.group.settings.healthCheck)))
    else this.#answer(failureProblem(reason))
  }

  #begin(backend: Backend): void {
    this.#candidates.setTried(backend)
    this.#record.attempts++
    this.#record.backend = backend.id
    this.#send(backend)
  }

  /** @param fresh - Over a connection of its own making. */
  #send(backend: Backend, fresh = false): void {
    const { timeouts, connections } = this.#target
    const awaitsContinue = expectsContinue(this.#request.raw) && !this.#response.hasContinued
    this.#attempt = new Attempt(backend, timeouts, this)
    const outgoing = upstreamRequest(this.#request, this.#target, {
      target: this.#path,
      body: this.#body?.stream() ?? null,
      fresh,
      awaitsContinue,
      isUpgrade: this.#upgrade !== undefined
    })
    this.#attempt.start(connections.get(backend)!, outgoing, awaitsContinue)
  }

  /** Whether a response is thrown away, with the next attempt under way or due. */
  #retryStatus(status: number, headers: string[]): boolean {
    const { retry, timeouts } = this.#target
    if (!mayRetryStatus(status, this.#retryable(), retry) || this.#record.attempts >= retry.attempts)
      return false
    // A backend that was not asked yet has not said that it wants to be left alone.
    const other = this.#candidates.pickFresh()
    const wait = other || status !== 503 ? 0 : retryAfter(headers, Date.now())
    const limit = timeouts.total > 0 ? this.#timeLeft() : timeouts.response || MAX_WAIT
    if (wait >= limit || !this.#takeRetry(true)) return false
    const proceed = (): void => (other ? this.#begin(other) : this.#next('no_usable_backend'))
    // The discarded attempt is counted out before the next one is counted in.
    this.#pause = setTimeout(proceed, wait)
    return true
  }

  #takeRetry(counts: boolean): boolean {
    const { retry, budget } = this.#target
    if (this.#record.attempts >= retry.attempts) return false
    if (!counts) return true
    if (!budget.take(retry.budgetPercent)) return false
    this.#retries++
    return true
  }

  #retryable(): { method: string; isReplayable: boolean } {
    return { method: this.#request.raw.method ?? 'GET', isReplayable: this.#body?.isReplayable ?? true }
  }

  #onDeadline(): void {
    this.#attempt?.abort(true)
    this.#answer(failureProblem('total_timeout'))
  }

  #onIdle(): void {
    if (this.#response.hasBegun) {
      const isClientSlow = this.#response.isBlocked
      this.#record.reason = isClientSlow ? 'client_too_slow' : 'idle_timeout'
      this.#attempt?.abort(!isClientSlow)
      this.#response.destroy()
    } else {
      // A client that waits for a 100 waits for the backend.
      const isAllowed = !expectsContinue(this.#request.raw) || this.#response.hasContinued
      const isClientSlow = isAllowed && (this.#body?.isAwaited ?? false)
      this.#attempt?.abort(!isClientSlow)
      this.#answer(isClientSlow ? clientTooSlow() : failureProblem('idle_timeout'))
    }
  }

  #onClientClose(): void {
    const { raw } = this.#reply
    const hasAll = isWhole(raw)
    this.#settle()
    this.#target.budget.leave(this.#retries)
    this.#watch.stop()
    this.#body?.release()
    if (!hasAll) {
      if (!this.#response.hasBegun) this.#reply.hijack()
      this.#record.reason ??= 'client_gone'
      this.#attempt?.abort()
    }
    // A stream of HTTP/2 closes when what came of it has been read, even one that was given up.
    if (this.#body && (hasAll || http2Stream(raw))) discardUpload(this.#request.raw)
  }

  #answer(problem: ProblemError): void {
    if (this.#over) return
    this.#settle()
    this.#watch.stop()
    this.#reply.send(problem)
  }

  /** From now on it is decided what the client gets. */
  #settle(): void {
    this.#over = true
    clearTimeout(this.#deadline)
    clearTimeout(this.#pause)
  }

  /** Milliseconds until the total deadline. */
  #timeLeft(): number {
    return Math.max(1, this.#record.startedAt + this.#target.timeouts.total - performance.now())
  }
}

function followUp(request: ForwardedRequest): void {
  request.onBegun()
}
