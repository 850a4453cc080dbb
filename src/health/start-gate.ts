/** Lets a bounded number of starters in at once; the rest follow in order as places become free. */
export class StartGate {
  readonly #places: number
  #taken = 0
  readonly #queue = new Set<() => void>()

  /** @param places - At least 1. */
  constructor(places: number) {
    this.#places = places
  }

  /** Runs `start` now or when its turn comes. Whoever was let in gives the place back with {@link leave}. */
  enter(start: () => void): void {
    this.#queue.add(start)
    this.#admit()
  }

  /** Takes a starter that is still waiting out of the queue. */
  withdraw(start: () => void): void {
    this.#queue.delete(start)
  }

  /** Gives a place back. */
  leave(): void {
    this.#taken -= 1
    this.#admit()
  }

  #admit(): void {
    for (const start of this.#queue) {
      if (this.#taken >= this.#places) return
      this.#taken += 1
      this.#queue.delete(start)
      start()
    }
  }
}
