import type { RouteConfig } from '../config/types.ts'

/** The hosts a route is bound to; `[undefined]` stands for any host. */
export function hostsOf(route: RouteConfig): readonly (string | undefined)[] {
  return route.hosts ?? [undefined]
}

/**
 * A Host field as route hosts are written: lower case, without port (RFC 9110 section 7.2) and without the dot
 * of a fully qualified name.
 */
export function normalizeHost(host: string | undefined): string {
  if (host === undefined) return ''
  const lower = host.toLowerCase()
  const bracket = lower.startsWith('[') ? lower.indexOf(']') : -1
  const colon = bracket === -1 ? lower.indexOf(':') : lower.indexOf(':', bracket)
  const name = colon === -1 ? lower : lower.slice(0, colon)
  return name.endsWith('.') ? name.slice(0, -1) : name
}
