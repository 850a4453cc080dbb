import { isIPv6 } from 'node:net'
import { compare, sortBackends } from './sort-backends.ts'
import type { ServiceRecord } from './dns-lookup.ts'
import type { DiscoveredBackend } from './provider.ts'

/** How discovered backends are spoken to. */
export type BackendProtocol = 'http:' | 'https:'

/** A server of a service with the addresses of its name. */
export interface ServiceTarget {
  readonly record: ServiceRecord
  readonly addresses: readonly string[]
}

/** As tiers of the gateway go. */
const MAX_TIER = 15

/** As weights of the gateway go. */
const MAX_WEIGHT = 1000

const DEFAULT_PORTS = { 'http:': 80, 'https:': 443 } as const

/**
 * The backends behind the addresses of one name.
 *
 * @param name - What Host and SNI stay.
 * @returns Sorted by url, each url once.
 */
export function addressBackends(
  addresses: readonly string[],
  name: string,
  port: number | undefined,
  protocol: BackendProtocol
): DiscoveredBackend[] {
  const authority = authorityOf(name, port, protocol)
  const urls = new Set(addresses.map((address) => urlOf(address, port, protocol)))
  return sortBackends([...urls].map((url) => ({ url, authority })))
}

/**
 * The backends of a service. Priorities become tiers by their rank, weights are scaled within their priority; a target
 * with several addresses is as many backends of its weight. Host and SNI stay the target's name.
 *
 * @returns Sorted by url, each url once: of several, the one of the lowest tier and then the largest weight.
 */
export function serviceBackends(
  targets: readonly ServiceTarget[],
  protocol: BackendProtocol
): DiscoveredBackend[] {
  const byPriority = Map.groupBy(targets, ({ record }) => record.priority)
  const priorities = [...byPriority].toSorted(([a], [b]) => a - b)
  const backends = priorities.flatMap(([, peers], rank) => {
    const weightOf = weightScale(peers.map(({ record }) => record.weight))
    return peers
      .toSorted(({ record: a }, { record: b }) => b.weight - a.weight || compare(a.name, b.name))
      .flatMap(({ record: { name, port, weight }, addresses }) =>
        addresses.map((address) => ({
          url: urlOf(address, port, protocol),
          weight: weightOf(weight),
          tier: Math.min(rank, MAX_TIER),
          authority: authorityOf(name, port, protocol)
        }))
      )
  })
  const firstByUrl = new Map(backends.toReversed().map((backend) => [backend.url, backend]))
  return sortBackends([...firstByUrl.values()])
}

/**
 * Brings weights (0 to 65535) into 1 to 1000. As they are where they fit; else, and where a 0, which RFC 2782 means to
 * be picked hardly ever, stands beside others, the largest becomes 1000.
 */
function weightScale(weights: readonly number[]): (weight: number) => number {
  const max = Math.max(...weights)
  const fits = max <= MAX_WEIGHT && (max === 0 || !weights.includes(0))
  return (weight) => Math.max(1, fits ? weight : Math.round((weight * MAX_WEIGHT) / max))
}

function urlOf(address: string, port: number | undefined, protocol: BackendProtocol): string {
  const host = isIPv6(address) ? `[${address}]` : address
  return new URL(`${protocol}//${host}${port === undefined ? '' : `:${port}`}`).origin
}

/** As the Host header of a backend names it that is configured by this name: without a default port. */
function authorityOf(name: string, port: number | undefined, protocol: BackendProtocol): string {
  const host = name.toLowerCase().replace(/\.$/, '')
  return port === undefined || port === DEFAULT_PORTS[protocol] ? host : `${host}:${port}`
}
