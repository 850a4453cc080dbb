import { Pace, type Rate } from './gcra.ts'
import type { LimitTable, Verdict } from './limit-table.ts'

/** Decides over the requests of one limit. */
export interface RateLimiter {
  /**
   * Lets a request through, or not. Never rejects: whatever fails, somebody decides.
   *
   * @param cost - 1 to the burst.
   * @returns To be read at once: the next decision may be written over it.
   */
  take(key: string, cost: number): Verdict | Promise<Verdict>
  /** Gives back what a request was let through for that another limit then refused. */
  refund(key: string, cost: number): void
}

/** A limit that holds over all threads of this gateway. */
export class LocalLimiter implements RateLimiter {
  readonly #table: LimitTable
  readonly #pace: Pace
  readonly #now: () => number

  /** @param now - The clock that all threads share, in milliseconds. */
  constructor(table: LimitTable, rate: Rate, now: () => number) {
    this.#table = table
    this.#pace = new Pace(rate)
    this.#now = now
  }

  take(key: string, cost: number): Verdict {
    return this.#table.take(key, cost, this.#now(), this.#pace)
  }

  refund(key: string, cost: number): void {
    this.#table.refund(key, cost, this.#now(), this.#pace)
  }
}
