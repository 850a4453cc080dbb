import type { Rate } from '../../src/limits/gcra.ts'

/** What an {@link ExactBucket} says. */
export interface ExactVerdict {
  readonly isAdmitted: boolean
  readonly remaining: number
  /** Milliseconds until it would be let through. */
  readonly retryAfter: Fraction
}

/** A number that is not rounded. */
export interface Fraction {
  readonly over: bigint
  readonly under: bigint
}

/**
 * A limit as a bucket that leaks, in exact arithmetic: another way to say what GCRA does. A request is let through when
 * there is room for its cost; room comes back with limit ÷ per.
 */
export class ExactBucket {
  readonly #limit: bigint
  readonly #request: bigint
  readonly #capacity: bigint
  readonly #parts: bigint
  #level = 0n
  #last: bigint | undefined

  /** @param parts - Times are whole numbers of so many parts of a millisecond. */
  constructor({ limit, per, burst }: Rate, parts: bigint) {
    // A part of a millisecond drains `limit`; in a period that is `limit` requests.
    this.#limit = BigInt(limit)
    this.#request = BigInt(per) * parts
    this.#capacity = BigInt(burst) * this.#request
    this.#parts = parts
  }

  take(cost: number, now: bigint): ExactVerdict {
    const drained = this.#level - (now - (this.#last ?? now)) * this.#limit
    this.#level = drained > 0n ? drained : 0n
    this.#last = now
    const missing = this.#level + BigInt(cost) * this.#request - this.#capacity
    const isAdmitted = missing <= 0n
    if (isAdmitted) this.#level += BigInt(cost) * this.#request
    return {
      isAdmitted,
      remaining: Number((this.#capacity - this.#level) / this.#request),
      retryAfter: { over: isAdmitted ? 0n : missing, under: this.#limit * this.#parts }
    }
  }
}
