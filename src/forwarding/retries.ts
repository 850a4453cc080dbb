import type { FastifyRequest } from 'fastify'
import { isOpen } from './breaker-gate.ts'
import type { Failure } from './connection.ts'
import type { Deadline } from './deadline.ts'
import type { ReplayableBody } from './replayable-body.ts'
import { mayReplace, mayRetryFailure, mayRetryStatus, retryAfter, type RetryableRequest } from './retry.ts'
import type { GroupStats } from '../upstreams/group-stats.ts'
import type { ForwardingTarget } from './targets.ts'

/** The longest that a timer can wait, in milliseconds. */
const MAX_WAIT = 2 ** 31 - 1

/**
 * The retries of one request: whether its configuration, its body, its group's budget and circuit breaker let another
 * attempt follow.
 */
export class Retries {
  readonly #request: FastifyRequest
  readonly #target: ForwardingTarget
  readonly #body: ReplayableBody | undefined
  readonly #deadline: Deadline
  /** Taken from the budget. */
  #taken = 0

  constructor(
    request: FastifyRequest,
    target: ForwardingTarget,
    body: ReplayableBody | undefined,
    deadline: Deadline
  ) {
    this.#request = request
    this.#target = target
    this.#body = body
    this.#deadline = deadline
  }

  /** The request is under way. Every call is paired with one {@link leave}. */
  enter(): void {
    this.#target.budget.enter()
  }

  /** The request is over. */
  leave(): void {
    this.#target.budget.leave(this.#taken)
    if (this.#taken > 0) this.#stats.addRetrying(-this.#taken)
  }

  /** Whether a stale connection may be replaced, which counts as no attempt. */
  mayReplace(failure: Failure): boolean {
    return mayReplace(failure, this.#retryable, this.#target.retry)
  }

  /** Takes another attempt after one that failed. @returns Whether there may be one. */
  takeAfter(failure: Failure): boolean {
    if (!mayRetryFailure(failure, this.#retryable, this.#target.retry)) return false
    // Nothing was sent: that is no load that could multiply.
    return this.#isAnyLeft && (!failure.sent || this.#takeFromBudget())
  }

  /** Whether a response of this status may be thrown away, if {@link takeAfterStatus} has another attempt. */
  mayFollow(status: number): boolean {
    return mayRetryStatus(status, this.#retryable, this.#target.retry) && this.#isAnyLeft
  }

  /**
   * Takes another attempt after a response.
   *
   * @param isOther - Whether it goes to a backend that was not asked yet: that one has not said when to come again.
   * @returns Milliseconds to wait before it; undefined when there is none left, or not in time.
   */
  takeAfterStatus(status: number, headers: readonly string[], isOther: boolean): number | undefined {
    const wait = isOther || status !== 503 ? 0 : retryAfter(headers, Date.now())
    const { left } = this.#deadline
    const limit = left === Infinity ? this.#target.timeouts.response || MAX_WAIT : left
    return wait < limit && this.#takeFromBudget() ? wait : undefined
  }

  #takeFromBudget(): boolean {
    const { retry, budget } = this.#target
    if (!budget.take(retry.budgetPercent)) {
      this.#stats.countRetryDenied()
      return false
    }
    this.#taken++
    this.#stats.addRetrying(1)
    return true
  }

  get #stats(): GroupStats {
    return this.#target.group.live.stats
  }

  get #isAnyLeft(): boolean {
    const { retry, group } = this.#target
    return this.#request.record.attempts < retry.attempts && !isOpen(group)
  }

  get #retryable(): RetryableRequest {
    return { method: this.#request.raw.method ?? 'GET', isReplayable: this.#body?.isReplayable ?? true }
  }
}
