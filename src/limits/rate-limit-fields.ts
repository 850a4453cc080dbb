import type { RateLimitConfig } from '../config/types.ts'

/*
 * The fields of draft-ietf-httpapi-ratelimit-headers: lists of structured fields (RFC 9651), one item for each limit. The
 * names of limits need no escaping: they are letters, digits, "_" and "-".
 */

/** What a limit allows, as an item of RateLimit-Policy: a quota of `q` in a window of `w` seconds, which are whole. */
export function policyItem({ name, limit, per }: Pick<RateLimitConfig, 'name' | 'limit' | 'per'>): string {
  const window = Math.max(1, Math.ceil(per / 1000))
  return `"${name}";q=${Math.floor(limit * ((window * 1000) / per))};w=${window}`
}

/**
 * What of a limit is left, as an item of RateLimit.
 *
 * @param remaining - Cost that may still come at once.
 * @param ttl - Milliseconds until all of it is there again; until the next try when nothing is left.
 */
export function stateItem(name: string, remaining: number, ttl: number): string {
  return `"${name}";r=${remaining};t=${Math.ceil(ttl / 1000)}`
}
