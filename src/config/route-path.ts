/** A route's path in its final form, or what was expected of it instead. */
export type RoutePathResult =
  | { readonly path: string; readonly params: readonly string[] }
  | { readonly expected: string }

const SEGMENT = /^(?:[\w.~!$&'()+,;=:@-]|%[\dA-Fa-f]{2})*$/
const DOT_SEGMENT = /^(?:\.|%2e){1,2}$/i
const PARAMETER = /^:[A-Za-z_]\w*$/

/**
 * Reads the path of a route: `/`, or segments of RFC 3986 `pchar` without `*`. A segment `:name` is a parameter.
 * A slash at the end is dropped.
 */
export function parseRoutePath(text: string): RoutePathResult {
  if (text.includes('*')) return { expected: 'a path without "*", because it is a prefix already' }
  const expected = problemOf(text)
  if (expected !== undefined) return { expected }
  const path = text.length > 1 && text.endsWith('/') ? text.slice(0, -1) : text
  const params = parametersOf(path)
  const twice = params.find((name, index) => params.indexOf(name) !== index)
  return twice === undefined ? { path, params } : { expected: `a path that has the parameter :${twice} once` }
}

/**
 * Checks the path that replaces a route's prefix.
 *
 * @param params - Parameters of the route's path, the only ones that may be used; undefined when unknown.
 * @returns What was expected, or undefined when the rewrite is fine.
 */
export function checkRewrite(rewrite: string, params: readonly string[] | undefined): string | undefined {
  const expected = problemOf(rewrite)
  if (expected !== undefined || params === undefined) return expected
  const unknown = parametersOf(rewrite).find((name) => !params.includes(name))
  if (unknown === undefined) return undefined
  const known = params.length > 0 ? `only ${params.map((name) => `:${name}`).join(', ')}` : 'none'
  return `parameters that the path has (${known})`
}

function problemOf(path: string): string | undefined {
  if (!path.startsWith('/')) return 'a path that starts with "/"'
  if (/[?#]/.test(path)) return 'a path without query and fragment'
  if (path.includes('//')) return 'a path without empty segments ("//")'
  const segments = path.slice(1).split('/')
  if (segments.some((segment) => DOT_SEGMENT.test(segment))) return 'a path without "." and ".." segments'
  if (!segments.every((segment) => SEGMENT.test(segment))) {
    return 'a path of URL characters, others percent-encoded (RFC 3986)'
  }
  if (segments.some((segment) => segment.startsWith(':') && !PARAMETER.test(segment))) {
    return 'parameters named with letters, digits and "_", such as :id'
  }
  return undefined
}

function parametersOf(path: string): string[] {
  const segments = path.split('/').filter((segment) => segment.startsWith(':'))
  return segments.map((segment) => segment.slice(1))
}
