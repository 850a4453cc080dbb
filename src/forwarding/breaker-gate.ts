import { TRIALS } from '../health/circuit-breaker.ts'
import { sharedNow, stamp } from '../shared-clock.ts'
import type { UpstreamGroup } from '../upstreams/group.ts'

/** How a circuit breaker lets a request through. */
export type Admission =
  /** It is closed, or there is none. */
  | 'all'
  /** It is half open, and this is one of the few that try: whoever gets this calls `endTrial` once. */
  | 'trial'
  /** Not at all. */
  | 'none'

/** Whether a group's circuit breaker lets a request through. */
export function admit({ live, settings }: UpstreamGroup): Admission {
  if (settings.circuitBreaker === undefined || live.breaker === 'closed') return 'all'
  if (live.breaker === 'half-open') return live.beginTrial(TRIALS) ? 'trial' : 'none'
  return 'none'
}

/** Whether nobody may go on, not even who was let through before. */
export function isOpen({ live, settings }: UpstreamGroup): boolean {
  return settings.circuitBreaker !== undefined && live.breaker === 'open'
}

/** Seconds until a breaker may let somebody through, at least 1. */
export function secondsUntilTrial({ live }: UpstreamGroup): number {
  if (live.breaker !== 'open') return 1
  return Math.max(1, Math.ceil(((live.opensAt - stamp(sharedNow())) | 0) / 1000))
}
