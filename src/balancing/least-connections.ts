import type { Algorithm, AlgorithmOptions, Exclusion, Pool } from './algorithm.ts'
import type { Candidate } from './candidate.ts'
import { firstFrom } from './first-from.ts'
import { GoldenTurns, MANY } from './golden-turns.ts'
import { SmoothTurns } from './smooth-turns.ts'

/** Turns in a row that may fall to somebody who is busy or excluded, before all are looked at. */
const TURNS = 8

/**
 * Weighted least connections, as nginx's `least_conn`: the smallest in flight ÷ weight; ties go round in smooth
 * weighted turns among those that tie.
 *
 * Where all weights are equal, those turns are one after the other, and the first idle one that comes is the pick; where
 * they are not and there are many, the first idle one of {@link GoldenTurns} is. A thousand backends then cost hardly
 * more than three, as long as some are idle.
 */
export class LeastConnections<C extends Candidate> implements Algorithm<C> {
  readonly #turns: SmoothTurns
  readonly #goldenTurns = new GoldenTurns<C>()
  /** Indexes of those that tie in the current pick. */
  readonly #tied: Int32Array
  /** Of each tier, the place behind that of the last pick. */
  readonly #next: number[] = []

  constructor({ places }: AlgorithmOptions) {
    this.#turns = new SmoothTurns(places)
    this.#tied = new Int32Array(places)
  }

  pick(pool: Pool<C>, exclusion: Exclusion<C>): C | undefined {
    if (pool.isEven) return this.#pickNext(pool, exclusion)
    return (
      (pool.candidates.length > MANY ? this.#pickIdle(pool, exclusion) : undefined) ??
      this.#pickWeighted(pool, exclusion)
    )
  }

  #pickNext({ candidates }: Pool<C>, exclusion: Exclusion<C>): C | undefined {
    const count = candidates.length
    if (count === 0) return undefined
    const { tier } = candidates[0]!
    let least = Infinity
    let best: C | undefined
    let index = firstFrom(candidates, this.#next[tier] ?? 0)
    for (let step = 0; step < count; step++, index++) {
      if (index === count) index = 0
      const candidate = candidates[index]!
      const load = candidate.inFlight
      if (load >= least || exclusion.excludes(candidate)) continue
      least = load
      best = candidate
      if (load <= 0) break
    }
    // Otherwise the turns of two idle ones, one of which fails, would always begin with that one.
    if (best && !exclusion.isRetry) this.#next[tier] = best.place + 1
    return best
  }

  /** An idle one has the least whatever the others have. */
  #pickIdle(pool: Pool<C>, exclusion: Exclusion<C>): C | undefined {
    for (let turn = 0; turn < TURNS; turn++) {
      const candidate = pool.candidates[this.#goldenTurns.next(pool)]!
      if (candidate.inFlight <= 0 && !exclusion.excludes(candidate)) return candidate
    }
    return undefined
  }

  #pickWeighted({ candidates, weights }: Pool<C>, exclusion: Exclusion<C>): C | undefined {
    const tied = this.#tied
    let count = 0
    let least = Infinity
    for (let index = 0; index < candidates.length; index++) {
      const candidate = candidates[index]!
      // Read once, since other threads change it meanwhile.
      const load = candidate.inFlight / weights[index]!
      if (load > least || exclusion.excludes(candidate)) continue
      if (load < least) count = 0
      least = load
      tied[count++] = index
    }
    this.#turns.begin()
    for (let turn = 0; turn < count; turn++) {
      const index = tied[turn]!
      this.#turns.offer(candidates[index]!.place, weights[index]!, index)
    }
    return candidates[this.#turns.take()]
  }
}
