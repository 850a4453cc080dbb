import { quote, type SourceDocument } from './document.ts'
import type { RouteDefinition } from './define-routes.ts'
import type { Finding } from './issue.ts'
import type { Path } from './path.ts'
import type { RawConfig } from './schema.ts'
import type { Sound } from './sound.ts'

/** Paths of the public port that are the gateway's own. */
const TAKEN = /^\/(?:openapi\.json|\.forwarding)(?:$|\/)/

/** Checks `docs`: that its pages don't stand where something else does. */
export function checkDocs(document: SourceDocument, docs: Sound<RawConfig['docs']>): Finding[] {
  const path = ['docs', 'path']
  if (docs?.path === undefined || !TAKEN.test(docs.path)) return []
  const got = quote(document, path, docs.path)
  return [{ path, message: `expected a path that is not the gateway's own, got ${got}` }]
}

/** Checks that what requests of a route are checked by is known. @param undocumented - Groups without `openapi`. */
export function checkValidation(
  path: Path,
  route: Sound<RouteDefinition>,
  undocumented: readonly string[]
): Finding[] {
  if (!route.validateRequests || route.upstream === undefined) return []
  const { upstream } = route
  const groups = typeof upstream === 'string' ? [upstream] : upstream.map((part) => part?.group)
  if (!groups.some((group) => group !== undefined && undocumented.includes(group))) return []
  const message = 'expected upstream groups that all have openapi, got one that has none'
  return [{ path: [...path, 'validateRequests'], message }]
}
