import type { HealthReason } from './health/types.ts'
import { hasDotSegment } from './routing/message-checks.ts'
import { rewritePath } from './routing/rewrite.ts'
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
  readonly outcome: 'no_route' | 'method_not_allowed' | 'dot_segment'
  readonly status: 400 | 404 | 405
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
  const { path, query, host } = split(request)
  if (hasDotSegment(path)) return { method, url, outcome: 'dot_segment', status: 400 }
  const match = sources.table.lookup(method, host, path)
  if (match.kind === 'no-match') return { method, url, outcome: 'no_route', status: 404 }
  if (match.kind === 'method-mismatch') {
    return { method, url, outcome: 'method_not_allowed', status: 405, allow: match.allow }
  }
  const { route } = match
  const group = sources.groups.get(route.upstream)!
  const backends = group.backends.map((backend) => explainBackend(backend, sources.observed(backend)))
  return {
    method,
    url,
    outcome: backends.some(({ accepted }) => accepted) ? 'forward' : 'no_usable_backend',
    route: { name: route.name, path: route.path, source: route.source },
    params: Object.fromEntries(match.params.map((name, index) => [name, match.values[index] ?? ''])),
    target: rewritePath(match, path) + query,
    group: group.name,
    balancing: group.settings.balancing.algorithm,
    backends
  }
}

function explainBackend(backend: Backend, observed: ObservedHealth): ExplainedBackend {
  const { id, url, weight, usable, inFlight } = backend
  return { id, url, weight, accepted: usable, reason: observed.reason, inFlight }
}

function split({ url, headers }: ExplainRequest): { path: string; query: string; host: string | undefined } {
  const absolute = /^https?:\/\/([^/?#]*)(.*)$/i.exec(url)
  const target = absolute ? absolute[2] || '/' : url
  const [path = '/', ...rest] = target.split('?')
  return {
    path: path === '' ? '/' : path,
    query: rest.length > 0 ? `?${rest.join('?')}` : '',
    host: headers.host ?? absolute?.[1]
  }
}
