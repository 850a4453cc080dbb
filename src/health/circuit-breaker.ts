import type { CircuitBreakerConfig } from '../config/types.ts'
import type { BreakerState } from '../upstreams/group-live.ts'
import type { Outcomes } from './outcome-meter.ts'
import { SlidingWindow } from './sliding-window.ts'

/** Why a circuit breaker changed, as data. */
export type BreakerReason =
  /** Too large a share of the requests failed. */
  | 'failure_percent'
  /** It was open for long enough. */
  | 'time_passed'
  | 'trials_passed'
  | 'trial_failed'
  | 'circuit_breaker_off'

/** What a half-open breaker's trials came to so far. */
export interface Trials {
  readonly passed: number
  readonly failed: number
}

/** A group's circuit breaker has changed. */
export interface BreakerChange {
  readonly group: string
  readonly from: BreakerState
  readonly to: BreakerState
  readonly reason: BreakerReason
  /** Share of failed attempts that opened it, 0 to 100; absent when it is no affair of theirs. */
  readonly failurePercent?: number
}

/**
 * Requests that a half-open breaker lets through at once, over all threads, and as many that go well in a row close it: a
 * single one says little of a group that fails every other time.
 */
export const TRIALS = 3

/**
 * The circuit breaker of one group: open once too many of its attempts fail, half open after a while, and closed again
 * when a few requests that are let through go well. Times in milliseconds of any clock that never goes back.
 */
export class CircuitBreaker {
  #settings: CircuitBreakerConfig
  readonly #window: SlidingWindow
  #state: BreakerState = 'closed'
  #opensAt = 0

  constructor(settings: CircuitBreakerConfig) {
    this.#settings = settings
    this.#window = new SlidingWindow(settings.window)
  }

  get state(): BreakerState {
    return this.#state
  }

  /** When an open one lets requests through again. */
  get opensAt(): number {
    return this.#opensAt
  }

  /** Takes other settings; the state stays. */
  configure(settings: CircuitBreakerConfig): void {
    this.#settings = settings
    this.#window.resize(settings.window)
  }

  /**
   * Goes on to `now`.
   *
   * @param outcomes - What came of the group's attempts since it was last called.
   * @param trials - How those went that it has let through since it is half open.
   * @returns How it changed, if it did.
   */
  advance(now: number, outcomes: Outcomes, trials: Trials): Omit<BreakerChange, 'group'> | undefined {
    if (this.#state === 'closed') return this.#watch(now, outcomes)
    if (this.#state === 'open') {
      return now >= this.#opensAt ? this.#become('half-open', 'time_passed') : undefined
    }
    if (trials.failed > 0) return this.#open(now, 'trial_failed')
    return trials.passed >= TRIALS ? this.#become('closed', 'trials_passed') : undefined
  }

  #watch(now: number, outcomes: Outcomes): Omit<BreakerChange, 'group'> | undefined {
    this.#window.add(now, outcomes)
    const { succeeded, failed } = this.#window.sum(now)
    const { failurePercent, minRequests } = this.#settings
    const all = succeeded + failed
    if (all < minRequests || failed * 100 < failurePercent * all) return undefined
    return { ...this.#open(now, 'failure_percent'), failurePercent: Math.round((failed * 100) / all) }
  }

  #open(now: number, reason: BreakerReason): Omit<BreakerChange, 'group'> {
    this.#opensAt = now + this.#settings.openFor
    // What is known by then is of no account any more.
    this.#window.clear()
    return this.#become('open', reason)
  }

  #become(to: BreakerState, reason: BreakerReason): Omit<BreakerChange, 'group'> {
    const from = this.#state
    this.#state = to
    return { from, to, reason }
  }
}
