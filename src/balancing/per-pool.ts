/** Keeps what an algorithm has worked out of a pool for as long as there is that pool. */
export class PerPool<P extends object, T> {
  readonly #workOut: (pool: P) => T
  readonly #known = new WeakMap<P, T>()
  #last: P | undefined
  #lastResult: T | undefined

  constructor(workOut: (pool: P) => T) {
    this.#workOut = workOut
  }

  /** What belongs to this pool: worked out when it is seen for the first time. */
  of(pool: P): T {
    if (pool === this.#last) return this.#lastResult!
    let result = this.#known.get(pool)
    if (result === undefined) this.#known.set(pool, (result = this.#workOut(pool)))
    this.#last = pool
    this.#lastResult = result
    return result
  }
}
