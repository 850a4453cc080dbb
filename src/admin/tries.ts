import type { FastifyBaseLogger } from 'fastify'
import type { RateLimitConfig } from '../config/types.ts'
import { networkOf } from '../limit-key.ts'
import { localLimiter } from '../limits/limit-tables.ts'
import { ProblemError } from '../problem.ts'

/** Wrong tokens of one address: 10 at once, then one in 6 seconds. */
const TRIES: RateLimitConfig = {
  name: 'admin-tries',
  limit: 10,
  per: 60_000,
  burst: 10,
  key: [{ from: 'ip' }],
  cost: 1,
  dryRun: false,
  allow: [],
  maxKeys: 10_000
}

/** Counts the wrong tokens of each address, however they were sent. */
export class Tries {
  readonly #limiter = localLimiter(TRIES)
  readonly #log: FastifyBaseLogger
  /** Addresses whose tries were too many the last time. */
  readonly #locked = new Set<string>()

  constructor(log: FastifyBaseLogger) {
    this.#log = log
  }

  /**
   * Takes a try of an address; {@link refund} it when the token was right.
   *
   * @param identity - Of the request, for the log.
   * @returns Why it may not try.
   */
  take(address: string, identity: object): ProblemError | undefined {
    const network = networkOf(address)
    const { isAdmitted, remaining, retryAfter } = this.#limiter.take(network, 1)
    // Nothing was owed any more: what comes to be too much now is news again.
    if (remaining === TRIES.burst - 1) this.#locked.delete(network)
    if (isAdmitted) return undefined
    if (!this.#locked.has(network))
      this.#log.warn({ address, ...identity }, 'too many wrong tokens: this address has to wait')
    this.#locked.add(network)
    if (this.#locked.size > TRIES.maxKeys) this.#locked.clear()
    return tooManyTries(retryAfter)
  }

  /** Gives the try back. */
  refund(address: string): void {
    const network = networkOf(address)
    this.#limiter.refund(network, 1)
    this.#locked.delete(network)
  }
}

function tooManyTries(wait: number): ProblemError {
  const detail = 'There were too many wrong tokens from this address: please try again later.'
  return new ProblemError(429, 'too_many_tries', detail, {
    'retry-after': String(Math.max(1, Math.ceil(wait / 1000)))
  })
}
