import type { BreakerChange } from '../health/circuit-breaker.ts'
import type { EjectionReason, ReadmissionReason, WithheldReason } from '../health/ejections.ts'
import type { HealthReason } from '../health/types.ts'
import type { OverloadChange } from '../limits/shedding.ts'
import type { UpstreamGroups } from './group.ts'
import type { AdministrativeState } from './standing.ts'

/** A verdict on one backend, from whoever observes it. */
export interface HealthObservation {
  readonly group: string
  readonly id: string
  readonly healthy: boolean
  readonly reason: HealthReason
}

/** Which backend something is about. */
export interface BackendFacts {
  readonly group: string
  /** Its id. */
  readonly backend: string
  readonly url: string
}

/** Probes found a backend well or ill. */
export interface HealthFlip extends BackendFacts {
  readonly from: 'healthy' | 'unhealthy'
  readonly to: 'healthy' | 'unhealthy'
  readonly reason: HealthReason
}

/** An operator gave a backend another state. */
export interface StateChange extends BackendFacts {
  readonly from: AdministrativeState
  readonly to: AdministrativeState
  /** What it still has to end. */
  readonly inFlight: number
}

/** A backend that is out of service has nothing in flight any more. Sessions may still begin something at one that drains. */
export interface Drained extends BackendFacts {
  readonly state: AdministrativeState
}

/** Real traffic found a backend bad, or its ejection is over. */
export type EjectionChange = BackendFacts &
  (
    | {
        /** It would be ejected, but it stays, and why. */
        readonly state: 'detected'
        readonly reason: EjectionReason
        readonly withheld: WithheldReason
        readonly dryRun: boolean
        /** When the ejection would end (ISO 8601), in a dry run. */
        readonly until?: string
      }
    | {
        readonly state: 'enforced'
        readonly reason: EjectionReason
        readonly dryRun: false
        /** When it ends unless a probe passes before (ISO 8601). */
        readonly until: string
      }
    | { readonly state: 'ended'; readonly reason: ReadmissionReason; readonly dryRun: false }
  )

/** Where new traffic of a group goes: to its first tier, to others as well, to the ill as well, or to nobody. */
export type TrafficState = 'first_tier' | 'spilled' | 'panic' | 'nobody'

/** New traffic of a group goes elsewhere than before. */
export interface TrafficChange {
  readonly group: string
  readonly from: TrafficState
  readonly to: TrafficState
  /** Those that may have it now. Shares are 0 to 1; `panic`: all of it are used whatever their health says. */
  readonly tiers: readonly { readonly tier: number; readonly share: number; readonly panic: boolean }[]
}

/** What the registry emits, or passes on. */
export interface RegistryEvents {
  /** Groups or backends changed; carries the new view. */
  groups: [UpstreamGroups]
  flip: [HealthFlip]
  state: [StateChange]
  drained: [Drained]
  ejection: [EjectionChange]
  traffic: [TrafficChange]
  /** A circuit breaker opened or closed, or lets requests through to try. */
  breaker: [BreakerChange]
  /** A group began to refuse requests for want of room, or no longer does. */
  overload: [OverloadChange]
  /** A thread has seen a backend fail as often in a row as its outlier detection allows. */
  suspect: [group: string, id: string]
  /** A probe of a backend that is well by its probes has passed. */
  passed: [group: string, id: string]
}
