/** A path pattern cut into segments: a literal, decoded, or `undefined` where a `:name` parameter stands. */
export interface PathShape {
  readonly segments: readonly (string | undefined)[]
  /** Names of the parameters, in the order of their segments. */
  readonly params: readonly string[]
}

/**
 * Cuts a route's path (`/api/products/:id`) into its segments. `/` has none.
 *
 * @param path - A validated path: starts with `/`, no trailing slash.
 */
export function parsePathShape(path: string): PathShape {
  const parts = path === '/' ? [] : path.slice(1).split('/')
  return {
    segments: parts.map((part) => (part.startsWith(':') ? undefined : decodeSegment(part))),
    params: parts.filter((part) => part.startsWith(':')).map((part) => part.slice(1))
  }
}

/** Percent-encoding must not hide a path from its rules: `%70roducts` is `products`. What can't be decoded stays. */
export function decodeSegment(segment: string): string {
  if (!segment.includes('%')) return segment
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

/**
 * The shape as text, equal for patterns that match the same paths: `/api/:/items`. Literals are encoded again, since
 * a decoded one may hold a slash or a colon.
 */
export function shapeKey(shape: PathShape): string {
  const parts = shape.segments.map((segment) => (segment === undefined ? ':' : encodeURIComponent(segment)))
  return `/${parts.join('/')}`
}
