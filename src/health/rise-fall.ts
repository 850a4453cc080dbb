import type { HealthReason, ProbeResult } from './types.ts'

/** What the probes so far say of one backend. Immutable: every probe makes the next state. */
export interface HealthState {
  readonly healthy: boolean
  /** Why it is as it is: of a well backend never the failure that did not (yet) make it ill. */
  readonly reason: HealthReason
  /** Whether a probe was ever answered, or timed out. */
  readonly probed: boolean
  /** Good probes in a row, counted while the backend is ill. */
  readonly good: number
  /** Failed probes in a row, counted while the backend is well. */
  readonly bad: number
}

/** How many probes in a row change a verdict; both at least 1. */
export interface RiseFall {
  readonly healthyAfter: number
  readonly unhealthyAfter: number
}

/** The state of a backend that no probe has seen yet. */
export function unprobed(healthy: boolean): HealthState {
  return { healthy, reason: 'initial', probed: false, good: 0, bad: 0 }
}

/**
 * The state after one more probe: HAProxy's rise and fall, with Envoy's first check, where the very first
 * result is enough to make a backend well that started ill (nothing speaks against it, and waiting would only
 * delay the start). A result that agrees with the verdict ends the row of those that don't.
 */
export function afterProbe(state: HealthState, result: ProbeResult, limits: RiseFall): HealthState {
  if (result.ok) {
    const good = state.healthy ? 0 : state.good + 1
    const well = state.healthy || !state.probed || good >= limits.healthyAfter
    return well
      ? { healthy: true, reason: 'probe_passed', probed: true, good: 0, bad: 0 }
      : { ...state, probed: true, good, bad: 0 }
  }
  const bad = state.healthy ? state.bad + 1 : 0
  return state.healthy && bad < limits.unhealthyAfter
    ? { ...state, probed: true, good: 0, bad }
    : { healthy: false, reason: result.reason, probed: true, good: 0, bad: 0 }
}

/**
 * The same verdict with its rows begun anew: for a check whose settings changed, so that results of the old
 * settings never tip the scale under the new ones.
 */
export function withoutCounts(state: HealthState): HealthState {
  return { ...state, good: 0, bad: 0 }
}
