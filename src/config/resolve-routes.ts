import type { RouteDefinition } from './define-routes.ts'
import { resolveAccess, resolveCors, resolveSecurityHeaders } from './resolve-access.ts'
import { parseRequestKey } from './request-key-text.ts'
import { resolveBodyLimit, resolveRateLimits } from './resolve-limits.ts'
import { resolveRetry, resolveTimeouts } from './resolve-forwarding.ts'
import { present } from './resolve-parts.ts'
import { parseRoutePath } from './route-path.ts'
import type { HeaderRules, RouteConfig } from './types.ts'

/**
 * Turns a valid route into the form that the gateway works with.
 *
 * @param source - Where it was defined, `FILE:LINE`.
 */
export function resolveRoute(route: RouteDefinition, name: string, source: string): RouteConfig {
  const parsed = parseRoutePath(route.path)
  // What modules export has no defaults put in.
  const { methods, hosts, splitBy, rewrite, mode = 'stream', headers, retry, timeouts } = route
  const { rateLimit, access, cors, securityHeaders, cost, priority, bodyLimit, validateRequests } = route
  return {
    name,
    path: 'path' in parsed ? parsed.path : route.path,
    ...(methods && { methods: [...methods] }),
    ...(hosts && { hosts: hosts.map((host) => host.toLowerCase()) }),
    upstream: resolveUpstream(route.upstream),
    ...(splitBy !== undefined && { splitBy: present(parseRequestKey(splitBy)) }),
    ...(rewrite !== undefined && { rewrite }),
    mode,
    ...(headers && { headers: resolveHeaderRules(headers) }),
    ...(rateLimit && { rateLimit: resolveRateLimits(name, rateLimit) }),
    ...(access && { access: resolveAccess(access) }),
    ...(cors && { cors: resolveCors(cors) }),
    ...(securityHeaders && { securityHeaders: resolveSecurityHeaders(securityHeaders) }),
    ...(cost !== undefined && { cost }),
    ...(priority && { priority }),
    ...(bodyLimit !== undefined && { bodyLimit: resolveBodyLimit(bodyLimit) }),
    ...(validateRequests && { validateRequests }),
    ...(retry && { retry: resolveRetry(retry) }),
    ...(timeouts && { timeouts: resolveTimeouts(timeouts) }),
    source
  }
}

function resolveUpstream(upstream: RouteDefinition['upstream']): RouteConfig['upstream'] {
  if (typeof upstream === 'string') return upstream
  return upstream.map(({ group, weight = 1 }) => ({ group, weight }))
}

function resolveHeaderRules(headers: NonNullable<RouteDefinition['headers']>): HeaderRules {
  const changes = ({ set = {}, remove = [] }: NonNullable<typeof headers.request> = {}) => ({
    set: Object.fromEntries(Object.entries(set).map(([name, value]) => [name.toLowerCase(), value])),
    remove: remove.map((name) => name.toLowerCase())
  })
  return { request: changes(headers.request), response: changes(headers.response) }
}
