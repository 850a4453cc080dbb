import { verdictsOf } from '../balancing/verdicts.ts'
import type { BalancingAlgorithm } from '../config/types.ts'
import { quantile } from '../telemetry/histogram.ts'
import type { Entry, Removal, StoreSnapshot } from '../store/registrations.ts'
import type { BackendSource } from '../upstreams/backend-descriptor.ts'
import { type Backend, backendKey } from '../upstreams/backend.ts'
import { lineupOf } from '../upstreams/group-lineup.ts'
import type { BreakerState } from '../upstreams/group-live.ts'
import type { UpstreamGroup } from '../upstreams/group.ts'
import type { UpstreamRegistry } from '../upstreams/registry.ts'
import type { AdministrativeState, ObservedHealth } from '../upstreams/standing.ts'

/** A backend as the admin API shows it. */
export interface BackendView {
  readonly id: string
  readonly url: string
  readonly weight: number
  readonly tier: number
  /** Most attempts in flight; 0 = no cap. */
  readonly maxInFlight: number
  /** What an operator wants of it. */
  readonly state: AdministrativeState
  readonly health: ObservedHealth['health']
  /** Why it has this health, as data. */
  readonly reason: ObservedHealth['reason']
  /** Since when it has this health, ISO 8601. */
  readonly since: string
  /** When it comes back unless a probe passes before (ISO 8601), if real traffic has it ejected. */
  readonly ejectedUntil: string | null
  /** Attempts in flight over all threads: of a draining one, what is left. */
  readonly inFlight: number
  readonly source: BackendSource
  /** Of what was decided about it at run time, for If-Match; 0 = nothing was. */
  readonly version: number
  /** Seconds that its registration lasts without being renewed; null = it needs no renewal. */
  readonly ttl: number | null
  /** Why it is on its way out; null = it is not. */
  readonly leaving: Removal['reason'] | null
  /** Its share of the group's new traffic, 0 to 1, as weights and tiers have it. */
  readonly share: number
  /** Attempts so far, and those that failed. */
  readonly attempts: number
  readonly failures: number
  /** Failures since the last success. */
  readonly failuresInRow: number
  /** Moving average of the time to the response's head that balancing goes by, in seconds; null before the first. */
  readonly latency: number | null
  /** What it reported of its own load, 0 to 1; null when it reports nothing. */
  readonly utilization: number | null
  /** Seconds to the response's head; null before the first. */
  readonly timeToFirstByte: { readonly p50: number | null; readonly p99: number | null }
}

/** A tier that may have new traffic. */
export interface TierView {
  readonly tier: number
  /** Of the group's new traffic, 0 to 1. */
  readonly share: number
  /** Whether too few of it are well, so that all are used whatever their health says. */
  readonly panic: boolean
}

/** A group as the admin API shows it. */
export interface GroupView {
  readonly name: string
  readonly balancing: BalancingAlgorithm
  /** Whether a tier is in panic. */
  readonly panic: boolean
  /** State of the circuit breaker; null when the group has none. */
  readonly breaker: BreakerState | null
  /** Requests that wait in line for a place. */
  readonly waiting: number
  /** Requests that await their response, and how many may; null when the group has no `concurrency`. */
  readonly concurrency: { readonly underWay: number; readonly limit: number } | null
  readonly tiers: readonly TierView[]
  readonly backends: readonly BackendView[]
}

/**
 * @param now - Milliseconds of the shared clock.
 * @param entries - What was decided at run time.
 */
export function viewGroup(
  registry: UpstreamRegistry,
  group: UpstreamGroup,
  now: number,
  entries: StoreSnapshot['entries'] = new Map()
): GroupView {
  return viewGroupWith(group, now, (backend, share) =>
    viewBackend(registry, backend, share, entries.get(backendKey(group.name, backend.url)))
  )
}

/**
 * A group with another view of its backends.
 *
 * @param now - Milliseconds of the shared clock.
 * @param viewOne - Of a backend and its share of new traffic.
 */
export function viewGroupWith<T>(
  group: UpstreamGroup,
  now: number,
  viewOne: (backend: Backend, share: number) => T
): Omit<GroupView, 'backends'> & { readonly backends: readonly T[] } {
  const { name, settings, live, load, backends } = group
  const lineup = lineupOf(group, now)
  return {
    name,
    balancing: settings.balancing.algorithm,
    panic: lineup.isPanic,
    breaker: settings.circuitBreaker ? live.breaker : null,
    waiting: live.waiting,
    concurrency: load ? { underWay: load.underWay(), limit: load.limit } : null,
    tiers: lineup.tiers.map(({ tier, share, isPanic }) => ({ tier, share, panic: isPanic })),
    backends: verdictsOf(backends, lineup).map(({ candidate, share }) => viewOne(candidate, share))
  }
}

function viewBackend(
  registry: UpstreamRegistry,
  backend: Backend,
  share: number,
  entry: Entry | undefined
): BackendView {
  const { id, url, weight, tier, maxInFlight, source, inFlight } = backend
  const { failuresInRow, latency, utilization, attempts, outcomes } = backend
  const { health, reason, since } = registry.observed(backend)
  const ejection = registry.ejection(backend)
  const durations = backend.timesToFirstByte()
  return {
    id,
    url,
    weight,
    tier,
    maxInFlight,
    state: registry.administrative(backend),
    health,
    reason,
    since: new Date(since).toISOString(),
    ejectedUntil: ejection ? new Date(ejection.until).toISOString() : null,
    inFlight,
    source,
    version: entry?.version ?? 0,
    ttl: ttlOf(backend, entry),
    leaving: entry?.removal?.reason ?? null,
    share,
    attempts,
    failures: outcomes.failed,
    failuresInRow,
    latency: latency === 0 ? null : latency / 1e6,
    utilization: utilization === 0 ? null : utilization,
    timeToFirstByte: { p50: quantile(durations, 0.5), p99: quantile(durations, 0.99) }
  }
}

/** Seconds that its registration lasts without being renewed; null = it needs no renewal. */
export function ttlOf({ source }: Backend, entry: Entry | undefined): number | null {
  const ttl = source === 'registration' ? entry?.registration?.ttl : undefined
  return ttl === undefined ? null : ttl / 1000
}
