import type { BackendNumbers } from '../../admin/live/wire.ts'
import type { BackendState } from './live-state.ts'

/** What a backend is in one word, the gravest first. */
export const STATUSES = ['unhealthy', 'ejected', 'leaving', 'draining', 'disabled', 'healthy'] as const

export type Status = (typeof STATUSES)[number]

/** The word for a backend: what an operator wants goes before what is observed, as it does for traffic. */
export function statusOf({ leaving, state, ejectedUntil, health }: BackendNumbers): Status {
  if (leaving !== null) return 'leaving'
  if (state !== 'active') return state
  if (ejectedUntil !== null) return 'ejected'
  return health
}

/** How many backends have which status. */
export function countStatuses(backends: readonly BackendState[]): ReadonlyMap<Status, number> {
  const counts = new Map<Status, number>()
  for (const { numbers } of backends) {
    const status = statusOf(numbers)
    counts.set(status, (counts.get(status) ?? 0) + 1)
  }
  return counts
}

/** Backends with trouble first, else in the order that they have. */
export function troubleFirst(backends: readonly BackendState[]): readonly BackendState[] {
  const rank = ({ numbers }: BackendState): number => STATUSES.indexOf(statusOf(numbers))
  return backends.toSorted((a, b) => rank(a) - rank(b))
}
