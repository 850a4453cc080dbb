import type { Algorithm, AlgorithmOptions, Exclusion, Pool } from './algorithm.ts'
import type { Candidate } from './candidate.ts'
import { WeightedDraw } from './weighted-draw.ts'

/** Any of them, each as often as its weight says. */
export class Random<C extends Candidate> implements Algorithm<C> {
  readonly #draw: WeightedDraw<C>

  constructor(options: AlgorithmOptions) {
    this.#draw = new WeightedDraw(options)
  }

  pick(pool: Pool<C>, exclusion: Exclusion<C>): C | undefined {
    return pool.candidates[this.#draw.draw(pool, exclusion)]
  }
}
