import type { Duplex } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ProblemError } from '../problem.ts'
import { hasBody, isGone, isWhole, onceOver } from '../raw-messages.ts'
import type { RequestRecord } from '../telemetry/request-record.ts'
import type { Backend } from '../upstreams/backend.ts'
import { Attempt, type AttemptOwner } from './attempt.ts'
import { beginSpan } from './attempt-span.ts'
import { BackendChoice, type ChoiceOwner } from './backend-choice.ts'
import { BodyWatch } from './body-watch.ts'
import { chooseResponse } from './choose-response.ts'
import type { ClientResponse } from './client-response.ts'
import { ClientUpload } from './client-upload.ts'
import type { Failure, FailureReason } from './connection.ts'
import { Deadline } from './deadline.ts'
import { expectsContinue } from './expect.ts'
import { badUpload, bodyTooLarge, clientTooSlow, failureProblem, noWebSocket, tooLarge } from './failure.ts'
import { takeLoadReports } from './load-report.ts'
import type { BodyListener } from './replayable-body.ts'
import { Retries } from './retries.ts'
import type { ForwardingTarget } from './targets.ts'
import { asksForWebSocket, type PendingUpgrade, pendingUpgrade } from './upgrade.ts'
import { upstreamRequest } from './upstream-request.ts'

/**
 * One request on its way: picks a backend, tries it, tries another while that is safe, and passes the response on as
 * a stream, or whole (`mode: buffered`).
 */
export class ForwardedRequest implements AttemptOwner, BodyListener, ChoiceOwner {
  readonly #request: FastifyRequest
  readonly #reply: FastifyReply
  readonly #target: ForwardingTarget
  readonly #path: string
  readonly #record: RequestRecord
  readonly #upload: ClientUpload | undefined
  readonly #upgrade: PendingUpgrade | undefined
  readonly #response: ClientResponse
  readonly #watch: BodyWatch
  readonly #choice: BackendChoice
  readonly #deadline: Deadline
  readonly #retries: Retries
  #attempt: Attempt | undefined
  /** Why the last attempt failed; undefined when it did not, or there was none. */
  #failure: FailureReason | undefined
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
    this.#upload = hasBody(raw) ? new ClientUpload(request, target, this) : undefined
    this.#upgrade = pendingUpgrade(raw)
    this.#response = chooseResponse(request, reply, target.route, () => this.#giveUp(tooLarge()))
    this.#choice = new BackendChoice(request, target, this)
    this.#deadline = new Deadline(this.#record.startedAt, target.timeouts.total)
    this.#retries = new Retries(request, target, this.#upload?.body, this.#deadline)
    this.#watch = new BodyWatch(target.timeouts.idle, () => this.#onIdle())
  }

  /** Begins. The reply is answered, or hijacked, or its client is gone, some time later. */
  start(): void {
    const { group } = this.#target
    if (isGone(this.#reply.raw)) {
      // It has left while a hook was busy; nobody will say so again.
      this.#reply.hijack()
      return
    }
    this.#retries.enter()
    this.#record.group = group.name
    onceOver(this.#reply.raw, () => this.#onClientClose())
    this.#deadline.start(() => this.#onDeadline())
    this.#upload?.start()
    if (this.#upload?.body.isTooLarge) this.#answer(bodyTooLarge())
    else if (group.settings.protocol === 'h2' && asksForWebSocket(this.#request.raw))
      this.#answer(noWebSocket())
    else this.#choice.start()
  }

  onSending(): void {
    if (this.#upload && !this.#upload.body.isEmpty) this.#watch.start()
  }

  /** Some of the body has moved on. */
  onMoved(): void {
    this.#watch.moved()
  }

  /** The request's body is larger than it may be, or takes longer. */
  onRefused(problem: ProblemError): void {
    this.#giveUp(problem)
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
    const { backend } = this.#attempt!
    if (this.#retryStatus(status, headers)) {
      takeLoadReports(headers, backend)
      return false
    }
    this.#response.begin(status, statusText, headers, backend, this.#choice.cookieFor(backend))
    this.#choice.settle(status >= 500 ? 'failed' : 'succeeded')
    // One that is collected first may still fail.
    if (this.#response.hasBegun) this.#settle()
    this.#record.answered()
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
    if (trailers.length > 0) takeLoadReports(trailers, this.#attempt!.backend)
    this.#watch.stop()
    this.#settle()
    this.#response.end(trailers)
  }

  onUpgrade(headers: string[], socket: Duplex, onClose: () => void): void {
    this.#choice.settle('succeeded')
    this.#settle()
    this.#record.answered()
    const cookie = this.#choice.cookieFor(this.#attempt!.backend)
    this.#response.join(this.#upgrade!, headers, socket, onClose, cookie)
  }

  onStale(failure: Failure): boolean {
    if (!this.#retries.mayReplace(failure)) return false
    this.#watch.stop()
    this.#send(true)
    return true
  }

  onFailure(failure: Failure): void {
    // The client broke its upload: its connection's close, about to come, says all.
    const hasLeft = this.#request.raw.destroyed || isGone(this.#reply.raw)
    if (failure.reason === 'request_aborted' && hasLeft) return
    this.#watch.stop()
    if (this.#response.hasBegun) this.#breakOff(failure.reason)
    else if (failure.reason === 'request_aborted') this.#answer(badUpload())
    else if (this.#retries.takeAfter(failure)) {
      this.#failure = failure.reason
      this.#choice.next()
    } else this.#answer(failureProblem(failure.reason))
  }

  onPicked(backend: Backend): void {
    this.#choice.setTried(backend)
    this.#record.picked(backend.id, this.#choice.reason)
    backend.stats.countPick(this.#choice.reason, this.#record.attempts > 1)
    const span = beginSpan(this.#record, backend, this.#path)
    this.#attempt = new Attempt(backend, this.#target.timeouts, this, span)
    this.#send(false)
  }

  onNobody(problem: ProblemError): void {
    this.#answer(this.#failure ? failureProblem(this.#failure) : problem)
  }

  readonly #resume = (): void => {
    this.#watch.moved()
    this.#attempt?.resume()
  }

  /** @param fresh - Over a connection of its own making, in place of a stale one. */
  #send(fresh: boolean): void {
    const attempt = this.#attempt!
    const connection = this.#target.connections.get(attempt.backend)!
    const awaitsContinue = expectsContinue(this.#request.raw) && !this.#response.hasContinued
    try {
      const outgoing = upstreamRequest(this.#request, this.#target, {
        target: this.#path,
        body: this.#upload?.body.stream() ?? null,
        progress: this.#upload?.body,
        fresh,
        awaitsContinue,
        isUpgrade: this.#upgrade !== undefined,
        spanId: attempt.spanId
      })
      if (fresh) attempt.resend(connection, outgoing, awaitsContinue)
      else attempt.start(connection, outgoing, awaitsContinue)
    } catch (error) {
      // It can't be sent, to nobody: what Fastify answers to a handler that throws.
      attempt.abort()
      this.#answer(error as Error)
    }
  }

  /** Whether a response is thrown away, with the next attempt due. */
  #retryStatus(status: number, headers: string[]): boolean {
    if (!this.#retries.mayFollow(status)) return false
    // A backend that was not asked yet has not said that it wants to be left alone.
    const wait = this.#retries.takeAfterStatus(status, headers, this.#choice.reserve())
    if (wait === undefined) {
      this.#choice.cancelReservation()
      return false
    }
    this.#failure = undefined
    this.#watch.stop()
    // The discarded attempt is counted out first.
    this.#pause = setTimeout(() => this.#choice.next(), wait)
    return true
  }

  #onDeadline(): void {
    // Until there was an attempt, it has only waited in line.
    if (this.#attempt) this.#giveUp(failureProblem('total_timeout'), !this.#isUploadSlow)
    else this.#choice.giveUpTurn()
  }

  #onIdle(): void {
    const { hasBegun, isBlocked } = this.#response
    // A backend that answers an upload early may have nothing to say before the client goes on.
    const isInnocent = isBlocked || this.#isUploadSlow
    const isClientSlow = hasBegun ? isBlocked : isInnocent
    this.#giveUp(isClientSlow ? clientTooSlow() : failureProblem('idle_timeout'), !isInnocent)
  }

  get #isUploadSlow(): boolean {
    return this.#upload?.isSlow(this.#response.hasContinued) ?? false
  }

  #onClientClose(): void {
    const hasAll = isWhole(this.#reply.raw)
    this.#settle()
    this.#retries.leave()
    this.#watch.stop()
    if (!hasAll) {
      if (!this.#response.hasBegun) this.#reply.hijack()
      this.#record.reason ??= 'client_gone'
      this.#attempt?.abort()
    }
    this.#choice.settle(this.#attempt?.outcome ?? 'undecided')
    this.#upload?.end(hasAll)
    this.#target.group.live.stats.observeDuration((performance.now() - this.#record.startedAt) / 1000)
  }

  /** Ends it for a reason of the gateway's own. @param failed - By the backend's fault. */
  #giveUp(problem: ProblemError, failed = false): void {
    this.#attempt?.abort(failed, problem.reason)
    if (this.#response.hasBegun) this.#breakOff(problem.reason)
    else this.#answer(problem)
  }

  /** A response that has begun can't be taken back, but must not look whole. */
  #breakOff(reason: string): void {
    this.#watch.stop()
    this.#record.reason = reason
    this.#response.destroy()
  }

  #answer(problem: Error): void {
    if (this.#over) return
    this.#settle()
    this.#watch.stop()
    this.#record.bytes = 0
    this.#reply.send(problem)
  }

  /** From now on it is decided what the client gets. */
  #settle(): void {
    this.#over = true
    this.#deadline.clear()
    clearTimeout(this.#pause)
    this.#choice.stop()
  }
}

const followUp = (request: ForwardedRequest): void => request.onBegun()
