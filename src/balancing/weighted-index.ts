import type { Pool } from './algorithm.ts'
import type { Candidate } from './candidate.ts'
import { PerPool } from './per-pool.ts'

/** Finds who a point belongs to when a pool's candidates share a line by their weights, in logarithmic time. */
export class WeightedIndex<C extends Candidate> {
  readonly #sums = new PerPool<Pool<C>, Float64Array>(({ weights }) => {
    let sum = 0
    return weights.map((weight) => (sum += weight))
  })

  /**
   * The point that {@link find} looks at, 0 inclusive to 1 exclusive. A field and no argument, since a fraction that is
   * passed to a function may cost an allocation.
   */
  point = 0.5

  /** @returns Index in the pool, which is not empty. */
  find(pool: Pool<C>): number {
    const { point } = this
    const last = pool.candidates.length - 1
    if (pool.isEven) return Math.min(last, Math.floor(point * (last + 1)))
    const sums = this.#sums.of(pool)
    const place = point * sums[last]!
    let low = 0
    let high = last
    while (low < high) {
      const middle = (low + high) >>> 1
      if (sums[middle]! <= place) low = middle + 1
      else high = middle
    }
    return low
  }
}
