import type { Balancer, Candidate, CandidateFilter } from './balancer.ts'
import { SmoothTurns } from './smooth-turns.ts'

/**
 * Weighted least connections, as nginx's `least_conn`: the smallest in flight ÷ weight; ties go round in smooth
 * weighted turns among those that tie.
 */
export class LeastConnections<C extends Candidate> implements Balancer<C> {
  readonly #candidates: readonly C[]
  readonly #turns: SmoothTurns
  /** Loads of the current pick: read once, since other threads change them meanwhile. */
  readonly #loads: Float64Array

  constructor(candidates: readonly C[]) {
    this.#candidates = candidates
    this.#turns = new SmoothTurns(candidates)
    this.#loads = new Float64Array(candidates.length)
  }

  pick(filter: CandidateFilter<C>): C | undefined {
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
