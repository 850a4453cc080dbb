import type { Candidate } from './candidate.ts'

/**
 * The candidates of one pick: those of one tier that may have new traffic. Immutable; another one takes its place when
 * a status changes or a slow start proceeds.
 */
export interface Pool<C extends Candidate> {
  /** In the order of their places. */
  readonly candidates: readonly C[]
  /** Weights by the index in {@link candidates}, slow start included; above 0. */
  readonly weights: Float64Array
  /** Whether all weights are the same. */
  readonly isEven: boolean
}

/** What keeps a candidate of the pool out of this one pick: it was tried already, or is full. */
export interface Exclusion<C extends Candidate> {
  excludes(candidate: C): boolean
  /** Whether the request was tried elsewhere before, so that this pick is nobody's turn. */
  readonly isRetry?: boolean
}

/** What an algorithm may say of a pick, as data. */
export type PickNote =
  /** The request's key was missing: it went by least-connections. */
  | 'no_key'
  /** The one that the key belongs to has as much as its share of the load allows: another one got it. */
  | 'hash_overflow'

/**
 * Picks one of a pool for one request. One instance serves all tiers of a group, and may keep what it needs per
 * candidate by {@link Candidate.place}. A pick allocates nothing; what depends on the pool alone is worked out once
 * per pool.
 */
export interface Algorithm<C extends Candidate> {
  /** What was not plain about the last pick that found somebody. */
  readonly note?: PickNote | undefined
  /**
   * @param key - Hash of the request's key, an unsigned 32-bit integer; undefined when it has none, or none is asked for.
   * @returns undefined when all are excluded.
   */
  pick(pool: Pool<C>, exclusion: Exclusion<C>, key: number | undefined): C | undefined
}

/** What an algorithm is made with. */
export interface AlgorithmOptions {
  /** How many candidates the group has: places are below it. */
  readonly places: number
  /** 0 inclusive to 1 exclusive. */
  readonly random: () => number
  /** Milliseconds of the clock that all threads share. */
  readonly now: () => number
}
