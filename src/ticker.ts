/** Runs something again and again while there is need for it. It never keeps the process alive. */
export class Ticker {
  readonly #interval: number
  readonly #tick: () => boolean
  #timer: NodeJS.Timeout | undefined

  /**
   * @param interval - Milliseconds.
   * @param tick - Returns whether it needs to run again.
   */
  constructor(interval: number, tick: () => boolean) {
    this.#interval = interval
    this.#tick = tick
  }

  /** Runs it an interval from now, and then again as long as it says so. Of no effect while it does. */
  start(): void {
    this.#timer ??= setInterval(() => {
      if (!this.#tick()) this.stop()
    }, this.#interval).unref()
  }

  /** Ends it, until it is started again. */
  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}
