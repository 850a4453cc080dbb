import type { HealthReason } from './health/types.ts'
import { findRoute } from './routing/lookup.ts'
import type { RequestHead } from './routing/message-checks.ts'
import { rewriteTarget } from './routing/rewrite.ts'
import type { RouteTable } from './routing/route-table.ts'
import type { Backend } from './upstreams/backend.ts'
import type { UpstreamGroups } from './upstreams/group.ts'
import type { ObservedHealth } from './upstreams/registry.ts'

/** A request to explain. */
export interface ExplainRequest {
  readonly method: string
  /** Path and query, or an absolute URL, whose host then is the Host. */
  readonly url: string
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
}

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

export interface ForwardedExplanation {
  readonly method: string
  readonly url: string
  readonly outcome: 'forward' | 'no_usable_backend'
  readonly route: { readonly name: string; readonly path: string; readonly source: string }
  readonly params: Readonly<Record<string, string>>
  /** What the backend would be asked for. */
  readonly target: string
  readonly group: string
  readonly balancing: string
  readonly backends: readonly ExplainedBackend[]
}

/** A candidate of the balancer, with why it may or may not be picked. */
export interface ExplainedBackend {
  readonly id: string
  readonly url: string
  readonly weight: number
  readonly accepted: boolean
  readonly reason: HealthReason
  readonly inFlight: number
}

/** What an explanation is made from. */
export interface ExplainSources {
  readonly table: RouteTable
  readonly groups: UpstreamGroups
  readonly observed: (backend: Backend) => ObservedHealth
}

/** Says how a request would be served, without sending it. */
export function explain(sources: ExplainSources, request: ExplainRequest): Explanation {
  const { method, url } = request
  const head = requestHead(request)
  const found = findRoute(sources.table, head)
  if ('refusal' in found) {
    const { reason, statusCode, headers } = found.refusal
    const allow = headers.allow?.split(', ')
    return { method, url, outcome: reason, status: statusCode, ...(allow && { allow }) }
  }
  const { match, target } = found
  const { route } = match
  const group = sources.groups.get(route.upstream)!
  const backends = group.backends.map((backend) => explainBackend(backend, sources.observed(backend)))
  return {
    method,
    url,
    outcome: backends.some(({ accepted }) => accepted) ? 'forward' : 'no_usable_backend',
    route: { name: route.name, path: route.path, source: route.source },
    params: Object.fromEntries(match.params.map((name, index) => [name, match.values[index] ?? ''])),
    target: rewriteTarget(match, target),
    group: group.name,
    balancing: group.settings.balancing.algorithm,
    backends
  }
}

function explainBackend(backend: Backend, observed: ObservedHealth): ExplainedBackend {
  const { id, url, weight, usable, inFlight } = backend
  return { id, url, weight, accepted: usable, reason: observed.reason, inFlight }
}

/** As the request would come over a connection: in origin form, with one Host. */
function requestHead({ method, url, headers }: ExplainRequest): RequestHead {
  const [, authority, rest = ''] = /^https?:\/\/([^/?#]*)(.*)$/i.exec(url) ?? []
  const host = headers.host ?? authority ?? 'localhost'
  const target = authority === undefined ? url : rest.startsWith('/') ? rest : `/${rest}`
  return {
    method,
    url: target,
    httpVersion: '1.1',
    headers: { ...headers, host },
    rawHeaders: ['Host', host]
  }
}
