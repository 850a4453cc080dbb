import type { RouteMatch } from './route-table.ts'

/**
 * The request target that the backend sees: {@link rewritePath} of its path, with the query as it came.
 *
 * @param target - In origin form.
 */
export function rewriteTarget(match: RouteMatch, target: string): string {
  if (match.route.rewrite === undefined) return target
  const query = target.indexOf('?')
  if (query === -1) return rewritePath(match, target)
  return rewritePath(match, target.slice(0, query)) + target.slice(query)
}

/**
 * The path that the backend sees: the matched prefix replaced by the route's `rewrite`, the rest kept byte for
 * byte. Parameters of the rewrite take the raw segments that matched, so that nothing is decoded on the way.
 *
 * @param match - The route that was found for this path.
 * @param path - The raw path that was matched, without query.
 */
export function rewritePath(match: RouteMatch, path: string): string {
  // `*` is no path: it asks about the server.
  if (match.route.rewrite === undefined || path === '*') return path
  const rest = path.slice(match.prefixLength)
  // With nothing behind it, a rewrite stands as it is written, with its trailing slash.
  const rewritten = rest === '' ? fillParams(match) : rewrittenPrefix(match) + rest
  return rewritten.startsWith('/') ? rewritten : `/${rewritten}`
}

/** What stands in the place of the matched prefix, without a trailing slash; empty for `/`. */
export function rewrittenPrefix(match: RouteMatch): string {
  const prefix = fillParams(match)
  return prefix.endsWith('/') ? prefix.slice(0, -1) : prefix
}

function fillParams(match: RouteMatch): string {
  const { rewrite = '' } = match.route
  if (match.params.length === 0) return rewrite
  return rewrite
    .split('/')
    .map((segment) => {
      const index = segment.startsWith(':') ? match.params.indexOf(segment.slice(1)) : -1
      return index === -1 ? segment : (match.values[index] ?? segment)
    })
    .join('/')
}
