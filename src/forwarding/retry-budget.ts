/** Retries that are always allowed: a small service must be able to retry at all. */
const ALWAYS_ALLOWED = 3

/**
 * Keeps retries from multiplying the load of a service that is ill: of the requests under way only a share may be
 * retries (Envoy's retry budget, by active requests). One per group and thread.
 */
export class RetryBudget {
  #active = 0
  #retries = 0

  /** Counts a request in. Every call is paired with one {@link leave}. */
  enter(): void {
    this.#active++
  }

  /** @param retries - What the request had taken from the budget. */
  leave(retries: number): void {
    this.#active--
    this.#retries -= retries
  }

  /**
   * Takes one retry from the budget, until its request leaves.
   *
   * @param percent - Share of the requests under way that may be retries, 0 to 100.
   * @returns Whether there was one left.
   */
  take(percent: number): boolean {
    if (this.#retries >= Math.max(ALWAYS_ALLOWED, (this.#active * percent) / 100)) return false
    this.#retries++
    return true
  }
}
