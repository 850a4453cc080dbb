import type {
  AffinityConfig,
  BalancingConfig,
  CircuitBreakerConfig,
  ConnectionsConfig,
  OutlierDetectionConfig,
  QueueConfig,
  RequestKey
} from './types-balancing.ts'
import type { AccessConfig, AuthConfig, CorsConfig, SecurityHeadersConfig } from './types-access.ts'
import type { DiscoveryConfig } from './types-discovery.ts'
import type { HealthCheckConfig } from './types-health.ts'
import type {
  ClientLimitsConfig,
  ConcurrencyConfig,
  Priority,
  RateLimitConfig,
  StoreConfig
} from './types-limits.ts'
import type { LogConfig, TracingConfig } from './types-telemetry.ts'

export * from './types-access.ts'
export * from './types-balancing.ts'
export * from './types-discovery.ts'
export * from './types-health.ts'
export * from './types-limits.ts'
export * from './types-telemetry.ts'

/**
 * The resolved configuration: validated, with every default filled in, durations in milliseconds. It is plain
 * data (structured-cloneable), because the control plane posts it to the data plane's threads.
 */
export interface GatewayConfig {
  /** Absolute path of the configuration file; relative paths inside it start at its folder. */
  readonly file: string
  readonly server: ServerConfig
  readonly admin: AdminConfig
  readonly log: LogConfig
  /** Absent = no traces are exported. */
  readonly tracing?: TracingConfig
  readonly docs: DocsConfig
  readonly store: StoreConfig
  /** Limits of the gateway as a whole: whatever comes in counts, also what no route takes. */
  readonly rateLimit: readonly RateLimitConfig[]
  /** Who may call, for routes that ask; absent = nobody is asked. */
  readonly auth?: AuthConfig
  /** Upstream groups in the order of the file. */
  readonly upstreams: readonly UpstreamGroupConfig[]
  /** Routes of the file first, then those of `routesDir` in the order of their file names. */
  readonly routes: readonly RouteConfig[]
  /** Absolute path of the folder of route modules. */
  readonly routesDir?: string
}

/** The public listener and the threads behind it. */
export interface ServerConfig {
  readonly host: string
  /** 0 = any free port. */
  readonly port: number
  /** Data plane threads; `auto` is one per core, 0 serves on the main thread. */
  readonly workers: number | 'auto'
  /** Addresses and CIDR blocks whose X-Forwarded-* is believed. */
  readonly trustProxy: readonly string[]
  /** A worker whose loop stands still for this long is replaced, in milliseconds. */
  readonly stallTimeout: number
  readonly shutdown: ShutdownConfig
  readonly limits: ClientLimitsConfig
  /** Whether the connections of `trustProxy` begin with a PROXY protocol header, version 1 or 2. */
  readonly proxyProtocol: boolean
  /** Absent = plain HTTP. */
  readonly tls?: ServerTlsConfig
  /** A plain listener that sends clients to HTTPS; only beside `tls`. */
  readonly redirect?: RedirectConfig
}

/** TLS of the public listener. */
export interface ServerTlsConfig {
  /** The first one is for clients that name no host, or one that none is for. */
  readonly certificates: readonly CertificateConfig[]
  /** Whether clients may choose HTTP/2 by ALPN. */
  readonly http2: boolean
}

/** A certificate with its key. */
export interface CertificateConfig {
  /** Absolute path of a PEM file, the leaf first and its chain behind it; or such PEM text itself. */
  readonly cert: string
  /** Absolute path of a PEM file; or such PEM text itself. */
  readonly key: string
  /** Names that it is for, lower case, `*.example.com` for one label; absent = those in the certificate. */
  readonly hosts?: readonly string[]
}

/** The plain listener that answers 308; it listens on the public host. */
export interface RedirectConfig {
  /** 0 = any free port. */
  readonly port: number
  /** Where clients find HTTPS; absent = `server.port`. */
  readonly httpsPort?: number
}

/** How a stop proceeds, in milliseconds. */
export interface ShutdownConfig {
  /** Time between "not ready" and the end of accepting, for load balancers in front to notice. */
  readonly delay: number
  /** What is still in flight this long after the stop began is destroyed. */
  readonly timeout: number
}

/** The admin listener; loopback only, unless there are tokens. */
export interface AdminConfig {
  readonly host: string
  readonly port: number
  /** Of those who may use it; empty = whoever is on this machine. */
  readonly tokens: readonly AdminToken[]
}

/** A token of the admin API, and whose it is. */
export interface AdminToken {
  readonly name: string
  readonly token: string
}

/** The services' documents on the public port. */
export interface DocsConfig {
  readonly enabled: boolean
  /** Where the pages to read them are; the document itself is at `/openapi.json`. */
  readonly path: string
}

/** A named service: its backends and how to treat them. */
export interface UpstreamGroupConfig {
  readonly name: string
  readonly balancing: BalancingConfig
  readonly backends: readonly BackendConfig[]
  readonly discovery?: DiscoveryConfig
  /** The Host that backends see: the client's (`preserve`) or the backend's own (`backend`). */
  readonly hostHeader: 'preserve' | 'backend'
  /** Whether backends get Forwarded (RFC 7239) besides X-Forwarded-*. */
  readonly forwardedHeader: boolean
  readonly healthCheck?: HealthCheckConfig
  readonly outlierDetection?: OutlierDetectionConfig
  readonly circuitBreaker?: CircuitBreakerConfig
  /** Absent = as many as come. */
  readonly concurrency?: ConcurrencyConfig
  /** How long the share of a backend that came back grows, in milliseconds; absent = it has it at once. */
  readonly slowStart?: number
  readonly affinity?: AffinityConfig
  readonly queue: QueueConfig
  /** Below this share of well backends, in percent, all are used; 0 = never. */
  readonly panicThreshold: number
  readonly connections: ConnectionsConfig
  readonly retry: RetryConfig
  readonly timeouts: TimeoutsConfig
  /** What backends speak: `h2` by prior knowledge for `http:`, by ALPN for `https:`. */
  readonly protocol: 'http1' | 'h2'
  /** For `https:` backends; absent = verified by the usual authorities. */
  readonly tls?: UpstreamTlsConfig
  /** Path and query of the OpenAPI document that its backends serve; absent = they serve none. */
  readonly openapi?: string
}

/** TLS to backends. PEM is an absolute path of a file or the text itself. */
export interface UpstreamTlsConfig {
  /** Whether the backend's certificate must be valid for it. */
  readonly verify: boolean
  /** PEM of the authorities that are trusted instead of the usual ones. */
  readonly ca?: string
  /** PEM of the gateway's own certificate. */
  readonly cert?: string
  /** PEM of its key. */
  readonly key?: string
  /** Name to ask for and to verify, instead of the backend's host. */
  readonly servername?: string
}

/** One server of a group. */
export interface BackendConfig {
  /** Normalised origin: `scheme://host[:port]`, without a trailing slash. */
  readonly url: string
  /** Share of traffic relative to the other backends of the group, 0 to 1000; 0 = only sessions that it has. */
  readonly weight: number
  /** Tier 0 takes all it can, the next ones what spills over; 0 to 15. */
  readonly tier: number
  /** Most attempts in flight over all threads; 0 = no cap. */
  readonly maxInFlight: number
  /** Where it comes from; absent = from the file. */
  readonly source?: 'registration' | 'discovery'
  /** What it is before its first verdict, whatever the group's check says. */
  readonly initially?: 'healthy' | 'unhealthy'
  /** Host and SNI to ask for, where `url` holds an address that a name stood for: `catalog.internal:3001`. */
  readonly authority?: string
}

/** Milliseconds; 0 = none. */
export interface TimeoutsConfig {
  /** Until a connection to the backend is there. */
  readonly connect: number
  /** From the end of the request to the response's head. */
  readonly response: number
  /** Longest silence while a body is on its way. */
  readonly idle: number
  /** Until the head of the final response, queueing and all attempts included. */
  readonly total: number
}

/** Failures that `retry.on` names; statuses stand beside them. */
export const RETRY_CONDITIONS = ['connect', 'reset', 'timeout'] as const

/** When a request that failed is sent again. */
export interface RetryConfig {
  /** Tries in all, the first included, 1 to 10. */
  readonly attempts: number
  readonly on: readonly ((typeof RETRY_CONDITIONS)[number] | number)[]
  /** Methods that are repeated although they are not idempotent by definition. */
  readonly methods: readonly string[]
  /** Share of the requests under way that may be retries, 0 to 100; 3 always may. */
  readonly budgetPercent: number
  /** Largest request body, in bytes, that is kept to be sent again. */
  readonly bodyBuffer: number
}

/** Header fields that are changed on the way. */
export interface HeaderRules {
  readonly request: HeaderChanges
  readonly response: HeaderChanges
}

/** Names in lower case. */
export interface HeaderChanges {
  readonly set: Readonly<Record<string, string>>
  readonly remove: readonly string[]
}

/** One group's part of a route. */
export interface SplitPart {
  readonly group: string
  /** Share relative to the other parts, 0 to 1000; 0 = only sessions that it has. */
  readonly weight: number
}

/** A public path (and methods, hosts) mapped to an upstream group. */
export interface RouteConfig {
  readonly name: string
  /** Prefix on a segment boundary; `:id` matches one segment. No trailing slash, except for `/` itself. */
  readonly path: string
  /** Upper case; absent = any. HEAD is not implied by GET. */
  readonly methods?: readonly string[]
  /** Lower case, without port; `*.example.com` matches one or more labels. Absent = any. */
  readonly hosts?: readonly string[]
  /** Name of the upstream group, or several with their shares. */
  readonly upstream: string | readonly SplitPart[]
  /** What keeps a client at one part of a split; absent = the session of its group's affinity, else chance. */
  readonly splitBy?: RequestKey
  /** Replaces the matched prefix; absent = the path is kept. */
  readonly rewrite?: string
  /**
   * `stream`: the response is passed on as it comes. `buffered`: it is collected and sent as a Fastify reply, so that
   * the app's onSend hooks see it and may rewrite it.
   */
  readonly mode: 'stream' | 'buffered'
  readonly headers?: HeaderRules
  /** Limits of this route's own; absent = none. */
  readonly rateLimit?: readonly RateLimitConfig[]
  /** What a request costs of the gateway's limits, times their own cost; absent = 1. */
  readonly cost?: number
  /** Who may use it; absent = anybody. */
  readonly access?: AccessConfig
  /** Which pages of other origins may use it; absent = what its backends say. */
  readonly cors?: CorsConfig
  /** Fields for browsers that responses have instead of the backend's; absent = none. */
  readonly securityHeaders?: SecurityHeadersConfig
  /** Absent = normal. */
  readonly priority?: Priority
  /** Largest body of a request, in bytes, instead of the server's; 0 = any. */
  readonly bodyLimit?: number
  /** Whether requests must be what the group's document says; absent = no. */
  readonly validateRequests?: true
  /** Overrides of the group's retries, key by key. */
  readonly retry?: Partial<RetryConfig>
  /** Overrides of the group's timeouts, key by key. */
  readonly timeouts?: Partial<TimeoutsConfig>
  /** Where the route was defined, `FILE:LINE`, for messages and the route table. */
  readonly source: string
}
