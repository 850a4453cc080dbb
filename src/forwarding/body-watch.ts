/**
 * Watches that a body moves: one timer per exchange that is set again only when it fires, instead of one per chunk.
 */
export class BodyWatch {
  readonly #timeout: number
  readonly #onIdle: () => void
  #timer: NodeJS.Timeout | undefined
  #movedAt = 0

  /**
   * @param timeout - Longest silence in milliseconds; 0 = none.
   * @param onIdle - Called once per {@link start}.
   */
  constructor(timeout: number, onIdle: () => void) {
    this.#timeout = timeout
    this.#onIdle = onIdle
  }

  start(): void {
    this.#movedAt = performance.now()
    if (this.#timeout > 0 && !this.#timer) this.#arm(this.#timeout)
  }

  /** Some of the body came or went. */
  moved(): void {
    if (this.#timer) this.#movedAt = performance.now()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #arm(wait: number): void {
    this.#timer = setTimeout(() => {
      const left = this.#movedAt + this.#timeout - performance.now()
      if (left > 0) {
        this.#arm(left)
        return
      }
      this.#timer = undefined
      this.#onIdle()
    }, wait)
  }
}
