import type { RateLimiter } from './limiter.ts'
import type { Verdict } from './limit-table.ts'

/** What of the options of one `createRateLimit` a store of it needs. */
export interface GcraStoreOptions {
  readonly limiter: RateLimiter
  /** Of one request. */
  readonly cost: number
}

/** What @fastify/rate-limit is told of a request: above `max` it is refused; `ttl` in milliseconds. */
interface Count {
  readonly current: number
  readonly ttl: number
}

type Callback = (error: Error | null, count?: Count) => void

/**
 * A store of @fastify/rate-limit over limiters of ours. What it calls a count is `max` less what may still come, so
 * that its own arithmetic comes out right: GCRA counts nothing, and has no window that ends.
 */
export class GcraStore {
  readonly #options: GcraStoreOptions | undefined

  constructor(options: Partial<GcraStoreOptions>) {
    const { limiter, cost } = options
    this.#options = limiter && cost !== undefined ? { limiter, cost } : undefined
  }

  /** A store for one limit. */
  child(options: Partial<GcraStoreOptions>): GcraStore {
    return new GcraStore(options)
  }

  /** Lets a request through, or not. */
  incr(key: string, callback: Callback, _timeWindow: number, max: number): void {
    if (!this.#options) throw new Error('the store of no limit was asked')
    const { limiter, cost } = this.#options
    const verdict = limiter.take(key, cost)
    if (!(verdict instanceof Promise)) {
      callback(null, countOf(verdict, max))
      return
    }
    void answerLate(verdict, callback, max)
  }
}

/** Limiters never reject. */
async function answerLate(verdict: Promise<Verdict>, callback: Callback, max: number): Promise<void> {
  callback(null, countOf(await verdict, max))
}

function countOf({ isAdmitted, remaining, retryAfter, reset }: Verdict, max: number): Count {
  return isAdmitted ? { current: max - remaining, ttl: reset } : { current: max + 1, ttl: retryAfter }
}
