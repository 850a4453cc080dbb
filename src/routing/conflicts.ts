import type { RouteConfig } from '../config/types.ts'
import { hostsOf } from './hosts.ts'
import { parsePathShape, shapeKey } from './path-shape.ts'

/** Two routes that answer for the very same requests, so that one of them can never be reached for them. */
export interface RouteConflict {
  readonly first: RouteConfig
  readonly second: RouteConfig
  /** What both claim, for a message: `both take GET /api/products on any host`. */
  readonly reason: string
}

/**
 * Finds the routes of which an earlier one already takes the same host, path and method. A route with `methods`
 * or `hosts` beside one without is no conflict: the narrower one is tried first.
 */
export function findRouteConflicts(routes: readonly RouteConfig[]): RouteConflict[] {
  const owners = new Map<string, RouteConfig>()
  const conflicts: RouteConflict[] = []
  for (const route of routes) {
    const claimed = claims(route)
    const taken = claimed.find(({ key }) => owners.has(key))
    if (taken) {
      conflicts.push({ first: owners.get(taken.key)!, second: route, reason: `both take ${taken.text}` })
    }
    for (const { key } of claimed) if (!owners.has(key)) owners.set(key, route)
  }
  return conflicts
}

function claims(route: RouteConfig): { key: string; text: string }[] {
  const shape = shapeKey(parsePathShape(route.path))
  return hostsOf(route).flatMap((host) =>
    (route.methods ?? [undefined]).map((method) => ({
      key: `${host ?? '*'} ${method ?? '*'} ${shape}`,
      text: `${method ?? 'any method'} ${route.path} on ${host ?? 'any host'}`
    }))
  )
}
