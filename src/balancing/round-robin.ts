import type { Algorithm, AlgorithmOptions, Exclusion, Pool } from './algorithm.ts'
import type { Candidate } from './candidate.ts'
import { firstFrom } from './first-from.ts'
import { GoldenTurns, MANY } from './golden-turns.ts'
import { SmoothTurns } from './smooth-turns.ts'

/** Turns in a row that may fall to somebody who is excluded, before all are looked at. */
const TURNS = 8

/**
 * Smooth weighted round-robin ({@link SmoothTurns}) over all that are not excluded. Where all weights are equal, it is
 * the next one behind the last pick; where they are not and there are many, the turns are {@link GoldenTurns}.
 */
export class RoundRobin<C extends Candidate> implements Algorithm<C> {
  readonly #turns: SmoothTurns
  readonly #goldenTurns = new GoldenTurns<C>()
  /** Of each tier, the place behind that of the last pick. */
  readonly #next: number[] = []

  constructor({ places }: AlgorithmOptions) {
    this.#turns = new SmoothTurns(places)
  }

  pick(pool: Pool<C>, exclusion: Exclusion<C>): C | undefined {
    if (pool.isEven) return this.#pickNext(pool, exclusion)
    return (
      (pool.candidates.length > MANY ? this.#pickGolden(pool, exclusion) : undefined) ??
      this.#pickWeighted(pool, exclusion)
    )
  }

  #pickNext({ candidates }: Pool<C>, exclusion: Exclusion<C>): C | undefined {
    const count = candidates.length
    if (count === 0) return undefined
    const { tier } = candidates[0]!
    let index = firstFrom(candidates, this.#next[tier] ?? 0)
    for (let step = 0; step < count; step++, index++) {
      if (index === count) index = 0
      const candidate = candidates[index]!
      if (exclusion.excludes(candidate)) continue
      // Otherwise the turns of two, one of which fails, would always begin with that one.
      if (!exclusion.isRetry) this.#next[tier] = candidate.place + 1
      return candidate
    }
    return undefined
  }

  /** Whoever is excluded loses the turn; undefined when that was so too often. */
  #pickGolden(pool: Pool<C>, exclusion: Exclusion<C>): C | undefined {
    for (let turn = 0; turn < TURNS; turn++) {
      const candidate = pool.candidates[this.#goldenTurns.next(pool)]!
      if (!exclusion.excludes(candidate)) return candidate
    }
    return undefined
  }

  #pickWeighted({ candidates, weights }: Pool<C>, exclusion: Exclusion<C>): C | undefined {
    const turns = this.#turns
    turns.begin()
    for (let index = 0; index < candidates.length; index++) {
      const candidate = candidates[index]!
      if (!exclusion.excludes(candidate)) turns.offer(candidate.place, weights[index]!, index)
    }
    return candidates[turns.take()]
  }
}
