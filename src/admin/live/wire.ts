/*
 * What `/api/live` sends, and the dashboard reads. It imports nothing, so that both sides can.
 */

/** What of a backend changes seldom. */
export interface BackendFacts {
  readonly id: string
  readonly url: string
  readonly weight: number
  readonly tier: number
  readonly maxInFlight: number
  readonly source: 'file' | 'registration' | 'discovery'
  readonly version: number
  readonly ttl: number | null
}

/** Names of what follows a backend's place in a row, in this order; as in `/api/upstreams`, or per second. */
export const BACKEND_COLUMNS = [
  'health',
  'reason',
  'since',
  'state',
  'leaving',
  'ejectedUntil',
  'inFlight',
  'share',
  'requests',
  'failures',
  'p50',
  'p99',
  'attempts',
  'failed',
  'failuresInRow',
  'latency',
  'utilization'
] as const

/** A backend's numbers. Moments are milliseconds since the epoch, times are seconds, rates are per second. */
export interface BackendNumbers {
  readonly health: 'healthy' | 'unhealthy'
  readonly reason: string
  readonly since: number
  readonly state: 'active' | 'draining' | 'disabled'
  readonly leaving: string | null
  readonly ejectedUntil: number | null
  readonly inFlight: number
  readonly share: number
  /** Attempts and failures per second over the window; null before there is one. */
  readonly requests: number | null
  readonly failures: number | null
  /** Seconds to the response's head, of the window; null when there was none. */
  readonly p50: number | null
  readonly p99: number | null
  /** Attempts and failures since the start. */
  readonly attempts: number
  readonly failed: number
  readonly failuresInRow: number
  readonly latency: number | null
  readonly utilization: number | null
}

/** A backend's place in its group, then its numbers in the order of {@link BACKEND_COLUMNS}. */
export type BackendRow = readonly [place: number, ...numbers: (string | number | null)[]]

/** What a group as a whole does. Rates are of the last second, so that lines can be drawn of them. */
export interface GroupNumbers {
  readonly balancing: string
  readonly panic: boolean
  readonly breaker: string | null
  readonly waiting: number
  readonly concurrency: { readonly underWay: number; readonly limit: number } | null
  readonly tiers: readonly { readonly tier: number; readonly share: number; readonly panic: boolean }[]
  readonly inFlight: number
  readonly requests: number | null
  readonly failures: number | null
  readonly p50: number | null
  readonly p99: number | null
}

/** A group, as far as it has changed. */
export interface GroupDelta {
  readonly name: string
  readonly numbers?: GroupNumbers
  /** All of its backends, in their order, when they are others or have other facts. */
  readonly backends?: readonly BackendFacts[]
  readonly rows?: readonly BackendRow[]
}

/** Names of what follows a route's name, in this order; per second over the window. */
export const ROUTE_COLUMNS = ['requests', 'clientErrors', 'serverErrors', 'p50', 'p99'] as const

/** What a route does. Rates are per second over the window, times are seconds. */
export interface RouteNumbers {
  readonly requests: number | null
  /** 4xx, 5xx. */
  readonly clientErrors: number | null
  readonly serverErrors: number | null
  /** From the request's head to the response's end. */
  readonly p50: number | null
  readonly p99: number | null
}

/** A route's name, then its numbers in the order of {@link ROUTE_COLUMNS}. */
export type RouteRow = readonly [name: string, ...numbers: (number | null)[]]

/** The gateway itself. */
export interface GatewayFacts {
  readonly status: 'ready' | 'degraded' | 'not_ready'
  readonly reason: string | null
  readonly generation: number
  readonly workers: { readonly configured: number; readonly serving: number }
  /** Why the store can't be written to; null while it can. */
  readonly store: string | null
  /** When it started, in milliseconds since the epoch: another one is another process. */
  readonly startedAt: number
}

/** The last reload that was told of. */
export interface LastReload {
  readonly time: string
  readonly trigger: string
  readonly outcome: 'applied' | 'unchanged' | 'failed'
  readonly generation: number
  readonly errors: readonly string[]
}

/** Something that happened, as in `/api/events`. */
export interface LiveEvent {
  readonly id: number
  readonly time: string
  readonly type: string
  readonly [key: string]: unknown
}

/** What all routes do together, requests that none takes among them. Rates are of the last second, times of the window. */
export interface TotalNumbers {
  readonly requests: number | null
  /** 5xx. */
  readonly failures: number | null
  readonly p50: number | null
  readonly p99: number | null
  /** Attempts at backends. */
  readonly inFlight: number
}

/** Lines of a group, or of all: as many points as there are moments, the latest last. */
export interface Lines {
  readonly requests: readonly (number | null)[]
  readonly failures: readonly (number | null)[]
  readonly p50: readonly (number | null)[]
  readonly p99: readonly (number | null)[]
  readonly inFlight: readonly (number | null)[]
}

/** One message: what has changed since the one before; the first has everything. */
export interface LiveMessage {
  /** Milliseconds since the epoch. */
  readonly at: number
  /** Whether it is everything, so that whatever is known is forgotten. */
  readonly reset?: true
  /** Seconds of the window, with a reset. */
  readonly window?: number
  readonly gateway?: GatewayFacts
  readonly total: TotalNumbers
  readonly groups: readonly GroupDelta[]
  /** Names of the groups that are gone. */
  readonly gone?: readonly string[]
  readonly routes: readonly RouteRow[]
  /** What was before, with a reset. */
  readonly history?: {
    readonly at: readonly number[]
    readonly total: Lines
    readonly groups: Readonly<Record<string, Lines>>
  }
  readonly reload?: LastReload
  readonly events: readonly LiveEvent[]
}
