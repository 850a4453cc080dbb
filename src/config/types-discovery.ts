// Part of the resolved configuration; types.ts, which everybody imports, offers it too.

/** Where a group's further backends are found. */
export type DiscoveryConfig = DnsDiscoveryConfig | FileDiscoveryConfig

/** A name whose addresses are backends. */
export interface DnsDiscoveryConfig {
  readonly type: 'dns'
  readonly name: string
  /** Of backends whose records say none. */
  readonly port?: number
  /** `a`: addresses, IPv4 and IPv6. `srv`: names and ports, with priorities as tiers and weights. */
  readonly records: 'a' | 'srv'
  readonly scheme: 'http' | 'https'
  /** How long an answer is good for at most, in milliseconds. */
  readonly refresh: number
  /** Name servers, `address:port`; absent = those of the system. */
  readonly servers?: readonly string[]
}

/** A file with a list of backends, which somebody else writes. */
export interface FileDiscoveryConfig {
  readonly type: 'file'
  /** Absolute path. */
  readonly path: string
}
