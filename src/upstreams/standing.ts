import { STATUS } from '../balancing/candidate.ts'
import type { EjectionReason } from '../health/ejections.ts'
import type { HealthReason } from '../health/types.ts'

/** States that an operator gives a backend. */
export const ADMINISTRATIVE_STATES = ['active', 'draining', 'disabled'] as const

/**
 * What an operator wants of a backend: `draining` takes no new traffic, only the sessions that it has; `disabled` takes
 * nothing at all. What is in flight ends in its own time.
 */
export type AdministrativeState = (typeof ADMINISTRATIVE_STATES)[number]

/** What a backend's health is and why, since when (milliseconds since the epoch). */
export interface ObservedHealth {
  readonly health: 'healthy' | 'unhealthy'
  /** Of a backend that is ejected always the ejection's, whatever probes say. */
  readonly reason: HealthReason | EjectionReason
  readonly since: number
}

/** A backend is taken out for how it treats real traffic. Times in milliseconds since the epoch. */
export interface Ejection {
  readonly reason: EjectionReason
  readonly since: number
  readonly until: number
}

/** What is known of one backend besides its configuration. The control plane alone has it. */
export interface Standing {
  /** What active probes say. */
  readonly probed: ObservedHealth & { readonly reason: HealthReason }
  readonly ejection: Ejection | undefined
  readonly state: AdministrativeState
  /** Whether it came with its whole group and nobody has judged it yet: its first verdict is no recovery. */
  readonly isFounder: boolean
  /** Whether it was told that nothing is in flight at it any more, since it is out of service. */
  readonly isDrained: boolean
  /** When its slow start began, in milliseconds of the shared clock; undefined = it is in none. */
  readonly warmingSince: number | undefined
}

/** The status word that threads see: bits of {@link STATUS}. */
export function statusOf({ probed, ejection, state }: Standing): number {
  return (
    (probed.health === 'unhealthy' ? STATUS.ill : 0) |
    (ejection ? STATUS.ejected : 0) |
    (state === 'draining' ? STATUS.draining : 0) |
    (state === 'disabled' ? STATUS.disabled : 0)
  )
}

/** Its health as one: an ejection above what probes say. */
export function observedOf({ probed, ejection }: Standing): ObservedHealth {
  return ejection ? { health: 'unhealthy', reason: ejection.reason, since: ejection.since } : probed
}
