import type { RouteMatch } from './route-table.ts'

/**
 * The path that the backend sees: the matched prefix replaced by the route's `rewrite`, the rest kept byte for
 * byte. Parameters of the rewrite take the raw segments that matched, so that nothing is decoded on the way.
 *
 * @param match - The route that was found for this path.
 * @param path - The raw path that was matched, without query.
 */
export function rewritePath(match: RouteMatch, path: string): string {
  const { rewrite } = match.route
  if (rewrite === undefined) return path
  const prefix = match.params.length === 0 ? rewrite : fillParams(rewrite, match)
  const rest = path.slice(match.prefixLength)
  if (prefix === '/') return rest.startsWith('/') ? rest : `/${rest}`
  return (prefix.endsWith('/') && rest.startsWith('/') ? prefix.slice(0, -1) : prefix) + rest
}

function fillParams(rewrite: string, match: RouteMatch): string {
  return rewrite
    .split('/')
    .map((segment) => {
      const index = segment.startsWith(':') ? match.params.indexOf(segment.slice(1)) : -1
      return index === -1 ? segment : (match.values[index] ?? segment)
    })
    .join('/')
}
