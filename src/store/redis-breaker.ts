/** Failures in a row after which nobody asks any more. */
const FAILURES = 5
/** For how long that is so, in milliseconds. */
const PAUSE = 2000

/**
 * Whether a thread asks its Redis. After five failures in a row it does not for two seconds; then one call at a time
 * tries, and the first that succeeds ends it.
 */
export class RedisBreaker {
  #failures = 0
  #isOpen = false
  #askAgainAt = 0
  #isTrying = false

  /** Nobody asks, but for who tries. */
  get isAway(): boolean {
    return this.#isOpen
  }

  /** Whether to ask now; whoever does must come back with what came of it. @param now - Milliseconds. */
  mayAsk(now: number): boolean {
    if (!this.#isOpen) return true
    if (this.#isTrying || now < this.#askAgainAt) return false
    this.#isTrying = true
    return true
  }

  /** @returns Whether it is back with this. */
  succeeded(): boolean {
    const wasOpen = this.#isOpen
    this.#failures = 0
    this.#isOpen = false
    this.#isTrying = false
    return wasOpen
  }

  /** @returns Whether it is away with this. */
  failed(now: number): boolean {
    this.#failures++
    const wasOpen = this.#isOpen
    if (this.#failures < FAILURES) return false
    this.#isOpen = true
    this.#isTrying = false
    this.#askAgainAt = now + PAUSE
    return !wasOpen
  }
}
