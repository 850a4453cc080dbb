import type { AlgorithmOptions, Exclusion, Pool } from './algorithm.ts'
import type { Candidate } from './candidate.ts'
import { WeightedIndex } from './weighted-index.ts'

/** Draws that may hit somebody who is excluded, before all are looked at. */
const TRIES = 8

/** Draws candidates at random, each as often as its weight says among those that are not excluded. */
export class WeightedDraw<C extends Candidate> {
  readonly #random: () => number
  readonly #index = new WeightedIndex<C>()

  constructor({ random }: Pick<AlgorithmOptions, 'random'>) {
    this.#random = random
  }

  /**
   * @param other - Not the one at this index.
   * @returns Index in the pool, -1 when all are excluded.
   */
  draw(pool: Pool<C>, exclusion: Exclusion<C>, other = -1): number {
    const { candidates } = pool
    if (candidates.length === 0) return -1
    // Whoever is excluded is drawn anew: the shares of the others stay as they are to each other.
    for (let attempt = 0; attempt < TRIES; attempt++) {
      this.#index.point = this.#random()
      const index = this.#index.find(pool)
      if (index !== other && !exclusion.excludes(candidates[index]!)) return index
    }
    return this.#drawOfRest(pool, exclusion, other)
  }

  /** In one pass: each takes the place of the one before it with the chance that its weight has so far. */
  #drawOfRest({ candidates, weights }: Pool<C>, exclusion: Exclusion<C>, other: number): number {
    let sum = 0
    let drawn = -1
    for (let index = 0; index < candidates.length; index++) {
      if (index === other || exclusion.excludes(candidates[index]!)) continue
      sum += weights[index]!
      if (drawn === -1 || this.#random() * sum < weights[index]!) drawn = index
    }
    return drawn
  }
}
