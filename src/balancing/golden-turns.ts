import type { Pool } from './algorithm.ts'
import type { Candidate } from './candidate.ts'
import { WeightedIndex } from './weighted-index.ts'

/** Pools that are larger take these turns: {@link SmoothTurns} look at everybody. */
export const MANY = 64

/** How far each turn goes on: multiples of the golden ratio keep away from each other as no others do. */
const STEP = (Math.sqrt(5) - 1) / 2

/**
 * Weighted turns for pools of many candidates, in logarithmic time: the points of the golden-ratio sequence on a line
 * that the candidates share by their weights. Each has its turns at even distances, as often as its weight says.
 *
 * @see https://en.wikipedia.org/wiki/Low-discrepancy_sequence#Additive_recurrence
 */
export class GoldenTurns<C extends Candidate> {
  readonly #index = new WeightedIndex<C>()

  /** @returns Index of the one whose turn is next; the pool is not empty. */
  next(pool: Pool<C>): number {
    const index = this.#index
    const point = index.point + STEP
    index.point = point >= 1 ? point - 1 : point
    return index.find(pool)
  }
}
