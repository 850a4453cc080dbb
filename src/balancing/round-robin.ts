import type { Balancer, Candidate, CandidateFilter } from './balancer.ts'
import { SmoothTurns } from './smooth-turns.ts'

/** Smooth weighted round-robin ({@link SmoothTurns}) over all that the filter accepts. */
export class RoundRobin<C extends Candidate> implements Balancer<C> {
  readonly #candidates: readonly C[]
  readonly #turns: SmoothTurns

  constructor(candidates: readonly C[]) {
    this.#candidates = candidates
    this.#turns = new SmoothTurns(candidates)
  }

  pick(filter: CandidateFilter<C>): C | undefined {
    this.#turns.begin()
    for (let index = 0; index < this.#candidates.length; index++) {
      if (filter.accepts(this.#candidates[index]!)) this.#turns.offer(index)
    }
    return this.#candidates[this.#turns.take()]
  }
}
