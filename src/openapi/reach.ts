import type { RouteConfig } from '../config/types.ts'
import { hasDotSegment } from '../routing/message-checks.ts'
import { hostsOf } from '../routing/hosts.ts'
import type { RouteTable } from '../routing/route-table.ts'
import { fillIn } from './public-path.ts'

/** Stands for any value of a parameter: no route has it in its path. */
const ANY_VALUE = '\u0001'

/**
 * The hosts of a route on which it has requests like these, and no other route does; `undefined` among them is any host.
 *
 * @param path - With `{name}` where a parameter stands: what counts is where most of its values lead.
 */
export function hostsReached(
  table: RouteTable,
  route: RouteConfig,
  method: string,
  path: string
): readonly (string | undefined)[] {
  if (method === 'TRACE' || hasDotSegment(path)) return []
  const example = fillIn(path, () => ANY_VALUE)
  return hostsOf(route).filter((host) => {
    const found = table.lookup(method, host?.replace('*', ANY_VALUE), example)
    return found.kind === 'match' && found.route === route
  })
}
