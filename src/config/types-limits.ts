import type { RequestKey } from './types-balancing.ts'

// Part of the resolved configuration; types.ts, which everybody imports, offers it too.

/** What a rate limit knows a client by. */
export type LimitKey = RequestKey | { readonly from: 'consumer' }

/** How much one client may ask for. */
export interface RateLimitConfig {
  /** Its name in the RateLimit fields, in log and metrics: the route's or `gateway`, with a number where there are several. */
  readonly name: string
  /** Cost that one period brings. */
  readonly limit: number
  /** The period, in milliseconds. */
  readonly per: number
  /** Cost that may come at once after a pause. */
  readonly burst: number
  /** What tells clients apart, all parts together; a part that a request does not have is its client's address. */
  readonly key: readonly LimitKey[]
  /** Cost of one request, at most the burst. */
  readonly cost: number
  /** Only reports. */
  readonly dryRun: boolean
  /** Addresses and CIDR blocks of clients that are not limited. */
  readonly allow: readonly string[]
  /** Most clients that are told apart at once. */
  readonly maxKeys: number
}

/** What the public listener allows its clients. Times in milliseconds, sizes in bytes; 0 = no limit. */
export interface ClientLimitsConfig {
  /** For the head of a request, for a TLS handshake, for a PROXY protocol header. */
  readonly headersTimeout: number
  /** For a whole request, body included. */
  readonly requestTimeout: number
  /** How long an idle connection is kept. */
  readonly keepAliveTimeout: number
  /** How long a client may take nothing of what was sent to it. */
  readonly sendTimeout: number
  /** Connections over all threads; beyond, the one that is idle for longest is closed for the new one. */
  readonly maxConnections: number
  /** Connections of one address (IPv6: of one /64) over all threads. */
  readonly maxConnectionsPerIp: number
  readonly maxHeaderSize: number
  /** Fields of a header. */
  readonly maxHeaders: number
  /** Of a request's body; routes may have their own. */
  readonly bodyLimit: number
  /** Mean delay of a thread's event loop beyond which it refuses requests. */
  readonly maxEventLoopDelay: number
}

/** How many requests of a group may await their response at once, over all threads. */
export interface ConcurrencyConfig {
  /** `adaptive` follows the latency between `min` and `max`; `static` is `max`. */
  readonly mode: 'adaptive' | 'static'
  readonly min: number
  readonly max: number
}

/** What is shed first when there is too much to do, last to first. */
export const PRIORITIES = ['critical', 'normal', 'sheddable'] as const

/** How much a route matters when there is too much to do. */
export type Priority = (typeof PRIORITIES)[number]

/** What outlives a process, and what gateways share. */
export type StoreConfig = FileStoreConfig | RedisStoreConfig

/** A folder. */
export interface FileStoreConfig {
  readonly type: 'file'
  /** Absolute path of the folder. */
  readonly path: string
}

/** Where a Redis is. */
export interface RedisConnectionConfig {
  /**
   * `redis://` or `rediss://`; may hold a password. One: that of the Redis. A list: nodes of one cluster, not
   * necessarily all, with the login of the first. Beside `sentinel`: the sentinels, with login and database of what they
   * watch over.
   */
  readonly url: string | readonly string[]
  /** Whom sentinels are asked for. */
  readonly sentinel?: SentinelConfig
}

/** A Redis that sentinels watch over. */
export interface SentinelConfig {
  /** Its name there. */
  readonly name: string
  /** Of the sentinels themselves; absent = they ask for none. */
  readonly password?: string
}

/** A Redis that gateways share. */
export interface RedisStoreConfig extends RedisConnectionConfig {
  readonly type: 'redis'
  /** What the names of all keys begin with, in braces so that a cluster keeps them together. */
  readonly prefix: string
  /** Absolute path of the folder for what stays on this machine. */
  readonly path: string
}
