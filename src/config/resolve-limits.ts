import { resolve as resolvePath } from 'node:path'
import type { RouteDefinition } from './define-routes.ts'
import { parseLimitKey } from './request-key-text.ts'
import { duration, present } from './resolve-parts.ts'
import { MAX_KEYS } from './schema-limits.ts'
import type { RawConfig } from './schema.ts'
import type { ClientLimitsConfig, ConcurrencyConfig, RateLimitConfig, StoreConfig } from './types.ts'
import { parseSize } from './units.ts'

type RawRateLimit = NonNullable<RouteDefinition['rateLimit']>
type RawClientLimits = NonNullable<NonNullable<RawConfig['server']>['limits']>
type RawConcurrency = NonNullable<NonNullable<RawConfig['upstreams']>[string]['concurrency']>

/**
 * `rateLimit`, with the defaults that the schema can't put in.
 *
 * @param scope - Name of the route, or `gateway`.
 */
export function resolveRateLimits(scope: string, written: RawRateLimit): RateLimitConfig[] {
  const limits = limitList(written)
  const names = limitNames(scope, limits)
  return limits.map((limit, index) => {
    const {
      burst = limit.limit,
      key = 'ip',
      cost = 1,
      dryRun = false,
      allow = [],
      maxKeys = MAX_KEYS
    } = limit
    return {
      name: names[index]!,
      limit: limit.limit,
      per: duration(limit.per),
      burst,
      key: (typeof key === 'string' ? [key] : key).map((part) => present(parseLimitKey(part))),
      cost,
      dryRun,
      allow: [...allow],
      maxKeys
    }
  })
}

/** One limit, or several. */
export function limitList<Limit extends object>(written: Limit | readonly Limit[]): readonly Limit[] {
  return Array.isArray(written) ? (written as readonly Limit[]) : [written as Limit]
}

/** The names of a list's limits: their own, or the scope's with their place behind it, from the second on. */
export function limitNames(
  scope: string,
  limits: readonly ({ readonly name?: string | undefined } | undefined)[]
): string[] {
  return limits.map((limit, index) => limit?.name ?? (index === 0 ? scope : `${scope}-${index + 1}`))
}

/** `server.limits`. */
export function resolveClientLimits(limits: RawClientLimits): ClientLimitsConfig {
  const requestTimeout = duration(limits.requestTimeout)
  return {
    // Node has it so, and a head is part of its request.
    headersTimeout: Math.min(duration(limits.headersTimeout), requestTimeout || Infinity),
    requestTimeout,
    keepAliveTimeout: duration(limits.keepAliveTimeout),
    sendTimeout: duration(limits.sendTimeout),
    maxConnections: present(limits.maxConnections),
    maxConnectionsPerIp: present(limits.maxConnectionsPerIp),
    maxHeaderSize: present(parseSize(present(limits.maxHeaderSize))),
    maxHeaders: present(limits.maxHeaders),
    bodyLimit: resolveBodyLimit(present(limits.bodyLimit)),
    maxEventLoopDelay: duration(limits.maxEventLoopDelay)
  }
}

/** `bodyLimit`, in bytes. */
export function resolveBodyLimit(size: string | number): number {
  return typeof size === 'number' ? size : present(parseSize(size))
}

/** `concurrency` of a group. */
export function resolveConcurrency({ mode, min, max }: RawConcurrency): ConcurrencyConfig {
  const most = present(max)
  return { mode: present(mode), min: Math.min(present(min), most), max: most }
}

/** `store`. @param folder - Where relative paths start. */
export function resolveStore(folder: string, store: NonNullable<RawConfig['store']>): StoreConfig {
  const path = resolvePath(folder, present(store.path))
  if (store.type !== 'redis') return { type: 'file', path }
  const { url, sentinel, prefix } = store
  return { type: 'redis', url: present(url), ...(sentinel && { sentinel }), prefix: present(prefix), path }
}
