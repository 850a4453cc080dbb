import type { TierView } from '../admin/upstream-view.ts'
import type { VerdictReason } from '../balancing/verdicts.ts'
import type { BalancingAlgorithm } from '../config/types.ts'
import type { BreakerState } from '../upstreams/group-live.ts'
import type { AdministrativeState, ObservedHealth } from '../upstreams/standing.ts'

/** Which route, group, balancer and backends would serve a request, and why. */
export type Explanation = RefusedExplanation | ForwardedExplanation

/** Nothing would be forwarded. */
export interface RefusedExplanation {
  readonly method: string
  readonly url: string
  /** Why: `no_route`, `method_not_allowed`, `dot_segment`, …. */
  readonly outcome: string
  readonly status: number
  /** Methods that the address takes, for 405. */
  readonly allow?: readonly string[]
}

/** What would come of a request that a route takes. */
export type ForwardedOutcome =
  | 'forward'
  /** All that may have it are full: it would wait in line. */
  | 'queued'
  | 'no_usable_backend'
  | 'at_capacity'
  | 'circuit_open'

/** A route takes the request. */
export interface ForwardedExplanation extends ExplainedGroup {
  readonly method: string
  readonly url: string
  readonly route: { readonly name: string; readonly path: string; readonly source: string }
  readonly params: Readonly<Record<string, string>>
  /** What the backend would be asked for. */
  readonly target: string
  /** How the group was chosen; null when the route has only one. */
  readonly split: ExplainedSplit | null
}

/** How a route over several groups chooses one of them. */
export interface ExplainedSplit {
  /** What decides for this request. By chance it could be another part as well: then the weightiest is shown. */
  readonly reason: 'session' | 'key' | 'chance'
  /** What keeps a client at one part, such as `header:x-user-id`; null when nothing but sessions does. */
  readonly key: string | null
  readonly parts: readonly ExplainedPart[]
}

/** A group that takes part in a split. */
export interface ExplainedPart {
  readonly group: string
  readonly weight: number
  /** Of clients that have no session yet, 0 to 1. */
  readonly share: number
  /** Whether the request goes there. */
  readonly chosen: boolean
}

/** How a group would serve the request. */
export interface ExplainedGroup {
  readonly outcome: ForwardedOutcome
  readonly group: string
  readonly balancing: BalancingAlgorithm
  /** What the balancer goes by; null when by no key. */
  readonly key: ExplainedKey | null
  /** The session that the request may have; null when the group keeps none. */
  readonly session: ExplainedSession | null
  /** State of the circuit breaker; null when the group has none. */
  readonly breaker: BreakerState | null
  /** Whether a tier is in panic. */
  readonly panic: boolean
  /** Requests that wait in line. */
  readonly waiting: number
  /** Those that may have new traffic, in their order. */
  readonly tiers: readonly TierView[]
  readonly backends: readonly ExplainedBackend[]
}

/** The key of a balancer that goes by one. */
export interface ExplainedKey {
  /** As configured: `header:x-user-id`, `ip`. */
  readonly from: string
  /** Whether the request has it; one without goes by least-connections. */
  readonly present: boolean
  /** Id of the backend that it goes to at this moment; null when it has none, or nobody may be picked. */
  readonly backend: string | null
}

/** The session of a request. */
export interface ExplainedSession {
  /** Name of the cookie. */
  readonly cookie: string
  /** Id of the backend that the cookie names. */
  readonly backend: string | null
  /** Whether that backend would serve the request. */
  readonly serves: boolean
  /** Why, or why not: `unknown` is a cookie that is forged, signed with another secret, or of a backend that is gone. */
  readonly reason: 'affinity' | 'no_cookie' | 'unknown' | 'ill' | 'ejected' | 'disabled' | 'at_capacity'
}

/** A candidate of the balancer, with why it may or may not be picked. */
export interface ExplainedBackend {
  readonly id: string
  readonly url: string
  readonly weight: number
  readonly tier: number
  readonly state: AdministrativeState
  /** Whether it may serve this request. */
  readonly accepted: boolean
  /** The balancer's verdict; of one that is plainly accepted, why its health is what it is. */
  readonly reason: ExplainedReason
  readonly health: ObservedHealth['health']
  readonly healthReason: ObservedHealth['reason']
  /** Of the group's new traffic, 0 to 1. */
  readonly share: number
  readonly inFlight: number
  /** 0 = no cap. */
  readonly maxInFlight: number
}

/** Why a backend may or may not serve a request. */
export type ExplainedReason = VerdictReason | ObservedHealth['reason'] | 'affinity'
