/** When a request must have its response's head, queueing and all attempts included. */
export class Deadline {
  readonly #at: number
  #timer: NodeJS.Timeout | undefined

  /**
   * @param startedAt - When the request's own head had arrived, by `performance.now()`.
   * @param total - Milliseconds from then; 0 = none.
   */
  constructor(startedAt: number, total: number) {
    this.#at = total > 0 ? startedAt + total : Infinity
  }

  /** Milliseconds until then, at least 1; Infinity when there is none. */
  get left(): number {
    return Math.max(1, this.#at - performance.now())
  }

  /** @param onPassed - Called when it passes, unless it is cleared before. */
  start(onPassed: () => void): void {
    if (this.#at !== Infinity) this.#timer = setTimeout(onPassed, this.left)
  }

  clear(): void {
    clearTimeout(this.#timer)
  }
}
