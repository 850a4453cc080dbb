import type { Explanation } from './explain/explanation.ts'
import { explainGroup, type GroupSources } from './explain/group.ts'
import { type ExplainRequest, requestHead, requestMessage } from './explain/request.ts'
import { explainSplit } from './explain/split.ts'
import { findRoute } from './routing/lookup.ts'
import { rewriteTarget } from './routing/rewrite.ts'
import type { RouteTable } from './routing/route-table.ts'

export type * from './explain/explanation.ts'
export type { ExplainRequest } from './explain/request.ts'

/** What an explanation is made from. */
export interface ExplainSources extends GroupSources {
  readonly table: RouteTable
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
  const message = requestMessage(head, request.client)
  const { group, split } = explainSplit(sources.registry.groups, route, message, sources.trusted)
  const { outcome, ...ofGroup } = explainGroup(sources, group, message)
  return {
    method,
    url,
    outcome,
    route: { name: route.name, path: route.path, source: route.source },
    params: Object.fromEntries(match.params.map((name, index) => [name, match.values[index] ?? ''])),
    target: rewriteTarget(match, target),
    split,
    ...ofGroup
  }
}
