import type { Algorithm, AlgorithmOptions, Exclusion, PickNote, Pool } from './algorithm.ts'
import type { Candidate } from './candidate.ts'
import { mix32 } from './hash-text.ts'
import { LeastConnections } from './least-connections.ts'

/** Nobody gets more in flight than so many times its share of all that is. */
const BOUND = 1.25
/** How many values a 32-bit hash has. */
const WORDS = 2 ** 32

/**
 * Consistent hashing with bounded load. Of the candidates that are below their bound, a key goes to the one that scores
 * highest for it: weighted rendezvous hashing. What a candidate scores depends on the key and itself alone, so when one
 * comes, goes or falls ill, no key moves but its own; a key whose owner has its fill goes to the next in its order. The
 * bound is `ceil(1.25 × in flight of all, this one included × share of the weights)`.
 *
 * A request without a key goes by least connections.
 *
 * @see https://arxiv.org/abs/1608.01350 consistent hashing with bounded loads
 * @see https://www.snia.org/sites/default/files/SDC15_presentations/dist_sys/Jason_Resch_New_Consistent_Hashings_Rev.pdf weighted rendezvous hashing
 */
export class Hash<C extends Candidate> implements Algorithm<C> {
  readonly #withoutKey: LeastConnections<C>
  #note: PickNote | undefined
  /** How much each may have in flight per weight. A field, since a number that is returned may cost an allocation. */
  #bound = 0.5

  constructor(options: AlgorithmOptions) {
    this.#withoutKey = new LeastConnections(options)
  }

  get note(): PickNote | undefined {
    return this.#note
  }

  pick(pool: Pool<C>, exclusion: Exclusion<C>, key: number | undefined): C | undefined {
    if (key === undefined) {
      this.#note = 'no_key'
      return this.#withoutKey.pick(pool, exclusion)
    }
    this.#note = undefined
    const { candidates } = pool
    const owner = this.#bestFor(key, pool, exclusion, false)
    // One that is idle is below any bound: what the others have need not be counted.
    if (owner === -1 || candidates[owner]!.inFlight <= 0) return candidates[owner]
    const best = this.#bestFor(key, pool, exclusion, true)
    // When all have their fill, it goes where it belongs.
    if (best === -1 || best === owner) return candidates[owner]
    this.#note = 'hash_overflow'
    return candidates[best]
  }

  /**
   * Index of the best for this key, -1 when there is nobody.
   *
   * The best is the one with the least -ln(u) ÷ weight, where u is a hash of the key and the candidate as a number from 0
   * to 1: it is the first of several random arrivals, each at the rate of its weight, which is each one's as often as its
   * weight says. As -ln(u) is at least 1 - u, hardly anybody's logarithm is worked out.
   *
   * @param isBounded - Only of those that are below their bound.
   */
  #bestFor(key: number, pool: Pool<C>, exclusion: Exclusion<C>, isBounded: boolean): number {
    const { candidates, weights, isEven } = pool
    if (isBounded) this.#setBound(pool)
    const bound = this.#bound
    let best = -1
    let least = Infinity
    for (let index = 0; index < candidates.length; index++) {
      const candidate = candidates[index]!
      const weight = weights[index]!
      const distance = 1 - (mix32(key ^ candidate.seed) + 1) / WORDS
      let arrival = distance / weight
      if (arrival >= least) continue
      if (!isEven) {
        arrival = -Math.log1p(-distance) / weight
        if (arrival >= least) continue
      }
      if (exclusion.excludes(candidate)) continue
      if (isBounded && candidate.inFlight >= Math.ceil(bound * weight)) continue
      best = index
      least = arrival
    }
    return best
  }

  /** Works out how much each may have in flight per weight, with one more request than there are. */
  #setBound({ candidates, weights }: Pool<C>): void {
    let inFlight = 1
    let weight = 0
    for (let index = 0; index < candidates.length; index++) {
      inFlight += candidates[index]!.inFlight
      weight += weights[index]!
    }
    this.#bound = (BOUND * inFlight) / weight
  }
}
