import type { Algorithm, AlgorithmOptions, Exclusion, Pool } from './algorithm.ts'
import type { Candidate } from './candidate.ts'
import { WeightedDraw } from './weighted-draw.ts'

/**
 * The power of two choices: of two that are drawn at random by weight, the one with fewer in flight ÷ weight. However
 * many threads and gateways pick at once, they do not all run to the same one.
 *
 * @see https://www.eecs.harvard.edu/~michaelm/postscripts/tpds2001.pdf
 */
export class RandomTwo<C extends Candidate> implements Algorithm<C> {
  readonly #draw: WeightedDraw<C>

  constructor(options: AlgorithmOptions) {
    this.#draw = new WeightedDraw(options)
  }

  pick(pool: Pool<C>, exclusion: Exclusion<C>): C | undefined {
    const { candidates, weights } = pool
    let best = -1
    for (let choice = 0; choice < 2; choice++) {
      const index = this.#draw.draw(pool, exclusion, best)
      if (index === -1) break
      const isLess =
        best === -1 ||
        candidates[index]!.inFlight / weights[index]! < candidates[best]!.inFlight / weights[best]!
      if (isLess) best = index
    }
    return candidates[best]
  }
}
