/** Bits of a candidate's status word; 0 = it may have any traffic. Written by the control plane alone. */
export const STATUS = {
  /** Active probes say so. */
  ill: 1,
  /** Real traffic says so: outlier detection. */
  ejected: 2,
  /** Administrative state: only sessions that it has already. */
  draining: 4,
  /** Administrative state: nothing at all. */
  disabled: 8
} as const

/** What balancing may know of a backend. The numbers are live: other threads change them meanwhile. */
export interface Candidate {
  /** Its place among the group's candidates, from 0. */
  readonly place: number
  /** Unsigned 32-bit hash of what it is, whatever its place: of its origin. */
  readonly seed: number
  /** Share relative to the others, 0 to 1000; 0 = only sessions that it has already. */
  readonly weight: number
  /** Tier 0 takes all it can; the next ones what spills over. */
  readonly tier: number
  /** Bits of {@link STATUS}. */
  readonly status: number
  /** Attempts in flight over all threads. */
  readonly inFlight: number
  /** Whether it has as many in flight as it may. */
  readonly isFull: boolean
  /** Moving average of the time to the first byte, in microseconds; 0 = nothing is known. */
  readonly latency: number
  /** When {@link latency} was last written, in milliseconds of the shared clock, as a 32-bit integer that wraps. */
  readonly latencyAt: number
  /** What it reported of its own load, 0 to 1; 0 when it reports nothing. */
  readonly utilization: number
  /** When it last reported, as {@link latencyAt}. */
  readonly utilizationAt: number
  /** When its slow start began, as {@link latencyAt}; 0 = it is in none. */
  readonly slowStartAt: number
  /**
   * Counts an attempt in, unless that makes more than it may have.
   *
   * @returns Whether it did.
   */
  acquire(): boolean
}
