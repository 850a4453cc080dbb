import type { FastifyInstance } from 'fastify'
import { ProblemError } from '../problem.ts'
import { quantile } from '../telemetry/histogram.ts'
import { BACKEND_COUNTER, type Backend } from '../upstreams/backend.ts'
import type { UpstreamGroup } from '../upstreams/group.ts'
import type { UpstreamRegistry } from '../upstreams/registry.ts'
import type { AdminContext } from './routes.ts'

/** A backend as the admin API shows it. */
export interface BackendView {
  readonly id: string
  readonly url: string
  readonly weight: number
  readonly tier: number
  readonly maxInFlight: number
  /** What an operator wants of it. */
  readonly state: 'active'
  readonly health: 'healthy' | 'unhealthy'
  readonly reason: string
  /** Since when it has this health, ISO 8601. */
  readonly since: string
  readonly inFlight: number
  readonly source: 'file'
  /** Attempts so far, and those that failed. */
  readonly attempts: number
  readonly failures: number
  /** Seconds to the response's head; null before the first. */
  readonly timeToFirstByte: { readonly p50: number | null; readonly p99: number | null }
}

/** A group as the admin API shows it. */
export interface GroupView {
  readonly name: string
  readonly balancing: string
  readonly backends: readonly BackendView[]
}

/** `/upstreams` and `/upstreams/:group`. */
export async function upstreamRoutes(app: FastifyInstance, { registry }: AdminContext): Promise<void> {
  app.get('/upstreams', () => [...registry.groups.values()].map((group) => viewGroup(registry, group)))
  app.get<{ Params: { group: string } }>('/upstreams/:group', ({ params }) => {
    const group = registry.groups.get(params.group)
    if (!group) throw new ProblemError(404, 'unknown_group', `There is no upstream group "${params.group}".`)
    return viewGroup(registry, group)
  })
}

function viewGroup(registry: UpstreamRegistry, group: UpstreamGroup): GroupView {
  return {
    name: group.name,
    balancing: group.settings.balancing.algorithm,
    backends: group.backends.map((backend) => viewBackend(registry, backend))
  }
}

function viewBackend(registry: UpstreamRegistry, backend: Backend): BackendView {
  const { id, url, weight, inFlight, slot } = backend
  const { health, reason, since } = registry.observed(backend)
  const durations = backend.timesToFirstByte()
  return {
    id,
    url,
    weight,
    tier: 0,
    maxInFlight: 0,
    state: 'active',
    health,
    reason,
    since: new Date(since).toISOString(),
    inFlight,
    source: 'file',
    attempts: registry.table.counter(slot, BACKEND_COUNTER.attempts),
    failures: registry.table.counter(slot, BACKEND_COUNTER.failures),
    timeToFirstByte: { p50: quantile(durations, 0.5), p99: quantile(durations, 0.99) }
  }
}
