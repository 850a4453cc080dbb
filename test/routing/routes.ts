import type { RouteConfig } from '../../src/config/types.ts'
import type { RouteTable } from '../../src/routing/route-table.ts'

/** A route to group `g`; its name is its path unless given. */
export function route(path: string, more: Partial<RouteConfig> = {}): RouteConfig {
  return { name: path, path, upstream: 'g', mode: 'stream', source: 'gateway.yaml:1', ...more }
}

/** The name of the route that a request finds, else `404` or `405` with the allowed methods in order. */
export function find(table: RouteTable, request: string, host?: string): string {
  const [method = '', path = ''] = request.split(' ')
  const found = table.lookup(method, host, path)
  if (found.kind === 'match') return found.route.name
  return found.kind === 'no-match' ? '404' : `405 ${found.allow.toSorted().join(', ')}`
}
