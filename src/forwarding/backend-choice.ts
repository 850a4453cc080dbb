import type { FastifyRequest } from 'fastify'
import { STATUS } from '../balancing/candidate.ts'
import type { NobodyReason, PickReason } from '../balancing/group-balancer.ts'
import type { ProblemError } from '../problem.ts'
import type { Backend, Outcome } from '../upstreams/backend.ts'
import { admit, isOpen } from './breaker-gate.ts'
import { type Nobody, nobodyProblem } from './failure.ts'
import { GroupPlace } from './group-place.ts'
import { secondsUntilServed } from './retry.ts'
import type { ForwardingTarget } from './targets.ts'
import type { Waiter } from './waiting-line.ts'

const NOBODY_YET: readonly Backend[] = []

/** How a pick came about, as the access log has it; absent in the plain case. Of several that hold, the first. */
export type ChoiceReason =
  /** A half-open circuit breaker let it through. */
  | 'trial'
  /** Its session is there. */
  | 'affinity'
  /** Its session is at another one, which can't serve it. */
  | 'session_moved'
  /** Its session is at another one, which is full: it stays there, and this request alone goes elsewhere. */
  | 'session_full'
  | Exclude<PickReason, 'balanced'>
  /** It waited in line. */
  | 'queued'
  /** It was tried elsewhere before. */
  | 'retry'

/** Whom a choice is made for. */
export interface ChoiceOwner {
  /** It may try this one, which was counted in: whoever gets it counts it out. */
  onPicked(backend: Backend): void
  /** There is nobody, and nothing to wait for. @param problem - What to answer, if nothing else is known. */
  onNobody(problem: ProblemError): void
}

/**
 * Which backends one request may try, one after the other: first that of its session, then those that the group's
 * balancer picks, each once before any twice. When all are full it waits in the group's line, if there is one.
 */
export class BackendChoice implements Waiter {
  readonly #request: FastifyRequest
  readonly #target: ForwardingTarget
  readonly #owner: ChoiceOwner
  #tried: Backend[] | undefined
  #isFirst = true
  #key: number | undefined
  #hasKey = false
  #session: Backend | undefined
  /** Whether the session's backend may serve it, but is full. */
  #isGuest = false
  #isTrial = false
  #reserved: Backend | undefined
  #nobody: NobodyReason = 'no_usable_backend'
  #isWaiting = false
  /** `performance.now()` when it began to wait. */
  #waitsSince: number | undefined
  /** Its place among those of its group, where these are limited; undefined when it is known how it went. */
  #place: GroupPlace | undefined
  /** How the last pick came about. */
  reason: ChoiceReason | undefined

  constructor(request: FastifyRequest, target: ForwardingTarget, owner: ChoiceOwner) {
    this.#request = request
    this.#target = target
    this.#owner = owner
  }

  /** Finds the first one, if the group's circuit breaker lets the request through. */
  start(): void {
    const { group, priority } = this.#target
    const { load, settings } = group
    const admission = admit(group)
    this.#isTrial = admission === 'trial'
    if (admission === 'none') this.#refuse('circuit_open')
    else if (load && !load.enter(priority, settings.concurrency!.max)) this.#refuse('overloaded')
    else {
      if (load) this.#place = new GroupPlace(load, priority, this.#request)
      this.next()
    }
  }

  /** Finds one to try, at once or when it is this request's turn, and tells the owner. */
  next(): void {
    const backend = this.#takeReserved() ?? this.#pick()
    if (backend) this.#owner.onPicked(backend)
    else if (this.#nobody !== 'at_capacity') this.#refuse(this.#nobody)
    else if (!this.#wait()) this.#settleForTried()
  }

  /**
   * Keeps one that was not tried yet for {@link next}, if there is one. Whatever ends the request before that counts it
   * out.
   */
  reserve(): boolean {
    this.#reserved = this.#pickFresh()
    return this.#reserved !== undefined
  }

  /** Lets go of the one that was kept. */
  cancelReservation(): void {
    this.#takeReserved()?.end('undecided')
  }

  /** From now on it is one that was tried. */
  setTried(backend: Backend): void {
    this.#isFirst = false
    ;(this.#tried ??= []).push(backend)
  }

  /** The Set-Cookie that keeps the client's session at a backend; undefined when it has none, or has it elsewhere. */
  cookieFor(backend: Backend): string | undefined {
    return this.#isGuest ? undefined : this.#target.sessions?.cookieFor(this.#request.raw, backend)
  }

  tryTurn(): boolean {
    const isRefused = isOpen(this.#target.group)
    const backend = isRefused ? undefined : this.#pick()
    // One that has tried some looks for others than those who come behind it.
    if (!isRefused && !backend && this.#nobody === 'at_capacity') return this.#tried !== undefined
    this.#leaveLine()
    if (backend) this.#owner.onPicked(backend)
    else this.#refuse(isRefused ? 'circuit_open' : this.#nobody)
    return true
  }

  giveUpTurn(): void {
    this.#leaveLine()
    this.#refuse('queue_timeout')
  }

  /** It is decided what the client gets: nobody is picked any more. */
  stop(): void {
    this.#place?.leave()
    this.#leaveLine()
    this.cancelReservation()
  }

  /**
   * It is known how the request went: its place among those under way is free, and the circuit breaker learns how a
   * trial went. Told by the response's head, of which the first counts: a stream of events, or sockets that were joined,
   * may go on for hours.
   */
  settle(outcome: Outcome): void {
    this.#place?.settle(outcome)
    this.#place = undefined
    if (!this.#isTrial) return
    this.#isTrial = false
    this.#target.group.live.endTrial(outcome === 'undecided' ? undefined : outcome === 'succeeded')
  }

  #pick(): Backend | undefined {
    // Whoever waits came first. A retry overtakes nobody: the place that it gave up was its own.
    if (this.#isFirst && !this.#isWaiting && this.#target.line?.isAwaited) {
      this.#nobody = 'at_capacity'
      return this.#pickOwn()
    }
    const fresh = this.#pickFresh()
    return fresh || this.#nobody !== 'all_tried' ? fresh : this.#startOver()
  }

  /** The backend of its session when nobody waits for that one: it takes no others, as it is draining or has weight 0. */
  #pickOwn(): Backend | undefined {
    const { sessions } = this.#target
    const own = (this.#session ??= sessions?.backendOf(this.#request.raw))
    if (!own || (own.weight > 0 && (own.status & STATUS.draining) === 0)) return undefined
    if (!sessions!.mayServe(own) || !own.acquire()) return undefined
    this.reason = this.#isTrial ? 'trial' : 'affinity'
    return own
  }

  /** One that was not tried yet. */
  #pickFresh(): Backend | undefined {
    const { sessions } = this.#target
    if (this.#isFirst && sessions) {
      this.#session ??= sessions.backendOf(this.#request.raw)
      this.#isGuest = false
      if (this.#session && sessions.mayServe(this.#session)) {
        if (this.#session.acquire()) {
          this.reason = this.#isTrial ? 'trial' : 'affinity'
          return this.#session
        }
        this.#isGuest = true
      }
    }
    return this.#pickBalanced()
  }

  /** Each once before any twice: now all were tried. */
  #startOver(): Backend | undefined {
    this.#tried = undefined
    return this.#pickBalanced()
  }

  #pickBalanced(): Backend | undefined {
    const { balancer } = this.#target
    const picked = balancer.pick(this.#tried ?? NOBODY_YET, this.#keyHash())
    // Read at once: all requests to the group share the balancer.
    if (!picked) this.#nobody = balancer.nobody
    else this.reason = this.#reasonOf(picked, balancer.reason)
    return picked
  }

  #reasonOf(picked: Backend, reason: PickReason): ChoiceReason | undefined {
    if (this.#isTrial) return 'trial'
    if (this.#session && this.#session !== picked) return this.#isGuest ? 'session_full' : 'session_moved'
    if (reason !== 'balanced') return reason
    if (this.#waitsSince !== undefined) return 'queued'
    return this.#isFirst ? undefined : 'retry'
  }

  /** Those that were not tried are full, and there is no waiting for them. */
  #settleForTried(): void {
    const backend = this.#tried && this.#startOver()
    if (backend) this.#owner.onPicked(backend)
    else this.#refuse(this.#target.line ? 'queue_full' : 'at_capacity')
  }

  #refuse(reason: Nobody): void {
    const { group } = this.#target
    // One that has tried somebody ends as that one's failure.
    if (this.#isFirst) group.live.stats.countRefusal(reason)
    this.#owner.onNobody(nobodyProblem(reason, secondsUntilServed(reason, group)))
  }

  /** @returns false when the line is full, or there is none. */
  #wait(): boolean {
    const { line } = this.#target
    if (!line) return false
    this.#isWaiting = true
    const hasJoined = line.join(this)
    if (!hasJoined) this.#isWaiting = false
    else if (this.#isWaiting) this.#waitsSince = performance.now()
    return hasJoined
  }

  #leaveLine(): void {
    if (!this.#isWaiting) return
    this.#isWaiting = false
    this.#target.line?.leave(this)
    if (this.#waitsSince === undefined) return
    const { record } = this.#request
    const waited = performance.now() - this.#waitsSince
    record.waited = (record.waited ?? 0) + waited
    this.#target.group.live.stats.observeWait(waited / 1000)
    this.#waitsSince = undefined
  }

  #takeReserved(): Backend | undefined {
    const reserved = this.#reserved
    this.#reserved = undefined
    return reserved
  }

  /** Worked out when it is first asked for: most algorithms never do. */
  #keyHash(): number | undefined {
    const { keyOf } = this.#target
    if (!keyOf) return undefined
    if (!this.#hasKey) this.#key = keyOf(this.#request.raw)
    this.#hasKey = true
    return this.#key
  }
}
