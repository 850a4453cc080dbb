// Part of the resolved configuration; types.ts, which everybody imports, offers it too.

/** Names of the balancing algorithms, as in the configuration. */
export const BALANCING_ALGORITHMS = [
  'round-robin',
  'least-connections',
  'least-latency',
  'random',
  'random-two',
  'hash',
  'ip-hash'
] as const

export type BalancingAlgorithm = (typeof BALANCING_ALGORITHMS)[number]

/** What of a request tells clients apart. Names of header fields are in lower case. */
export type RequestKey =
  | { readonly from: 'ip' }
  | { readonly from: 'path' }
  | { readonly from: 'header' | 'cookie' | 'query'; readonly name: string }

/** How a backend is picked. */
export interface BalancingConfig {
  readonly algorithm: BalancingAlgorithm
  /** What `hash` goes by; of `ip-hash` it is the address. */
  readonly key?: RequestKey
}

/** Takes backends out for how they treat real traffic. Times in milliseconds. */
export interface OutlierDetectionConfig {
  /** Failures in a row, 1 to 1000. */
  readonly consecutiveFailures: number
  /** Of the first ejection; the second takes twice as long, and so on. */
  readonly ejectFor: number
  readonly maxEjectFor: number
  /** Share of the group that may be ejected at once, 0 to 100; one backend always may. */
  readonly maxEjectedPercent: number
  /** Only reports. */
  readonly dryRun: boolean
  /** How often success rates are compared. */
  readonly interval: number
}

/** Answers for a group that fails, instead of trying on. Times in milliseconds. */
export interface CircuitBreakerConfig {
  /** Share of failed attempts that opens it, 1 to 100. */
  readonly failurePercent: number
  /** Fewer attempts in the window decide nothing. */
  readonly minRequests: number
  readonly window: number
  readonly openFor: number
}

/** Keeps a client's session at one backend. */
export interface AffinityConfig {
  /** Name of the cookie. */
  readonly cookie: string
  /** How long a session is kept after its last request, in milliseconds. */
  readonly ttl: number
  /** What the cookie is signed with. Absent = one that the gateway makes. */
  readonly secret?: string
}

/** Requests that wait for a place in a full group. */
export interface QueueConfig {
  /** Over all threads; 0 = nobody waits. */
  readonly max: number
  /** The longest wait, in milliseconds. */
  readonly timeout: number
}

/** Connections to backends that are kept for the next requests. */
export interface ConnectionsConfig {
  /** Most that one thread keeps to one backend while they are idle, 1 to 65535; only over HTTP/1.1. */
  readonly perBackend: number
  /** How long an idle one is kept, in milliseconds. */
  readonly keepAlive: number
}
