import type { Balancer, Candidate, CandidateFilter } from './balancer.ts'
import { SmoothTurns } from './smooth-turns.ts'

/**
 * Weighted least connections, as nginx's `least_conn`: the smallest in flight ÷ weight; ties go round in smooth
 * weighted turns among those that tie.
 *
 * Where all weights are equal, those turns are one after the other, and the first idle one that comes is the pick: a
 * thousand backends then cost no more than three.
 */
export class LeastConnections<C extends Candidate> implements Balancer<C> {
  readonly #candidates: readonly C[]
  readonly #hasEqualWeights: boolean
  readonly #turns: SmoothTurns
  /** Loads of the current pick: read once, since other threads change them meanwhile. */
  readonly #loads: Float64Array
  #next = 0

  constructor(candidates: readonly C[]) {
    this.#candidates = candidates
    this.#hasEqualWeights = candidates.every(({ weight }) => weight === candidates[0]!.weight)
    this.#turns = new SmoothTurns(candidates)
    this.#loads = new Float64Array(candidates.length)
  }

  pick(filter: CandidateFilter<C>): C | undefined {
    return this.#hasEqualWeights ? this.#pickNext(filter) : this.#pickWeighted(filter)
  }

  #pickNext(filter: CandidateFilter<C>): C | undefined {
    const candidates = this.#candidates
    const count = candidates.length
    let least = Infinity
    let best = -1
    for (let step = 0, index = this.#next; step < count; step++, index++) {
      if (index === count) index = 0
      const candidate = candidates[index]!
      if (!filter.accepts(candidate)) continue
      const load = candidate.inFlight
      if (load >= least) continue
      least = load
      best = index
      if (load === 0) break
    }
    if (best === -1) return undefined
    this.#next = best + 1 === count ? 0 : best + 1
    return candidates[best]
  }

  #pickWeighted(filter: CandidateFilter<C>): C | undefined {
    const loads = this.#loads
    let least = Infinity
    for (let index = 0; index < loads.length; index++) {
      const candidate = this.#candidates[index]!
      const load = filter.accepts(candidate) ? candidate.inFlight / candidate.weight : Infinity
      loads[index] = load
      if (load < least) least = load
    }
    if (least === Infinity) return undefined
    this.#turns.begin()
    for (let index = 0; index < loads.length; index++) {
      if (loads[index] === least) this.#turns.offer(index)
    }
    return this.#candidates[this.#turns.take()]
  }
}
