import type { Pace } from './gcra.ts'

/** What a {@link LimitStore} is asked. Times in ticks of the pace. */
export interface LimitCall {
  readonly key: string
  readonly pace: Pace
  /** Of the request, 1 to the burst. */
  readonly cost: number
  /** What may be granted on top of it, for requests to come, as a cost. */
  readonly wish: number
  /** Debt that the key has at least: what the store may not know, or no longer. */
  readonly floor: number
}

/** What it says. */
export interface Grant {
  /** Cost that is let through: 0, or the request's and what of the wish there was room for. */
  readonly granted: number
  /** The key's debt after that, in ticks. */
  readonly debt: number
}

/** Where all gateways count the requests of one limit. It may be away, and says so: it never rejects or throws. */
export interface LimitStore {
  /** Whether requests are better decided here, at a gateway's share of the limit. */
  readonly isAway: boolean
  /**
   * Lets a request through, or not, for all gateways.
   *
   * @returns undefined, at once or soon, when somebody else must decide.
   */
  take(call: LimitCall): Promise<Grant | undefined> | undefined
  /** Gives back what a request was let through for; it may get lost. */
  refund(key: string, cost: number, pace: Pace): void
}

/**
 * The longest that a store may take to answer, in milliseconds. What is answered later was decided otherwise; so debts
 * that a call carries are at most this much older when they arrive.
 */
export const STORE_PATIENCE = 50
