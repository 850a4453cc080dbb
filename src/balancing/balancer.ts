/** What an algorithm may know of a backend. */
export interface Candidate {
  /** Share relative to the others, at least 1. */
  readonly weight: number
  /** Attempts in flight over all threads. */
  readonly inFlight: number
}

/** What keeps a candidate out of one pick: health, administrative state, already tried. */
export interface CandidateFilter<C extends Candidate> {
  accepts(candidate: C): boolean
}

/**
 * Picks a backend for one request. An algorithm is built from an immutable list of candidates and knows nothing of
 * health: what may not be picked is filtered from outside. A pick allocates nothing.
 */
export interface Balancer<C extends Candidate> {
  /** @returns undefined when the filter accepts nobody. */
  pick(filter: CandidateFilter<C>): C | undefined
}
