import { stringify } from 'yaml'
import type { IssuedCertificate } from '../../test/helpers/certificates.ts'
import { between, oneOf } from '../../test/balancing/seeded.ts'

/** What a run's groups are called; the last one is found by DNS. */
export const GROUPS = ['catalog', 'inventory', 'orders'] as const

/** A group of a run, and the route of the same name. */
export type GroupName = (typeof GROUPS)[number]

/** The group that is found by DNS. */
export const DISCOVERED: GroupName = 'orders'
/** The name that it is asked for by. */
export const NAME = 'orders.shop.test'

/** Tries in all, by group. `catalog` can ask each backend once, `inventory` leaves one out. */
export const ATTEMPTS: Readonly<Record<GroupName, number>> = { catalog: 3, inventory: 2, orders: 3 }

/** How long an idle connection to a backend is kept, in milliseconds. */
export const KEEP_ALIVE = 1_000
/** How long a backend may take to answer, in milliseconds. */
export const RESPONSE_TIMEOUT = 2_000

/** What the configuration of a run depends on. */
export interface ChaosConfigOptions {
  readonly groups: readonly GroupName[]
  /** URLs of the backends, by group; those of the discovered one aside. */
  readonly backends: Readonly<Partial<Record<GroupName, readonly string[]>>>
  /** Port of the discovered backends. */
  readonly port: number
  /** Of the name server, and of Redis. */
  readonly dns: string
  readonly redis: string
  readonly folder: string
  /** Of the gateway; undefined = no TLS. */
  readonly certificate: IssuedCertificate | undefined
}

/** What differs between two configurations of a run, none of which a client notices. */
export interface Variant {
  readonly balancing: Readonly<Record<GroupName, string>>
  /** Of the first backend of each group. */
  readonly weight: number
  /** A route that comes and goes with its group. */
  readonly hasExtraRoute: boolean
}

/** The configuration that a run begins with. */
export const FIRST_VARIANT: Variant = {
  balancing: { catalog: 'round-robin', inventory: 'least-connections', orders: 'least-latency' },
  weight: 1,
  hasExtraRoute: false
}

const ALGORITHMS = [
  'round-robin',
  'least-connections',
  'least-latency',
  'random',
  'random-two',
  'hash'
] as const

/** Draws another one. */
export function drawVariant(random: () => number): Variant {
  return {
    balancing: {
      catalog: oneOf(random, ALGORITHMS),
      inventory: oneOf(random, ALGORITHMS),
      orders: oneOf(random, ALGORITHMS)
    },
    weight: between(random, 1, 3),
    hasExtraRoute: random() < 0.5
  }
}

/** Texts that are no configuration. */
export const INVALID: readonly string[] = [
  'upstreams: [',
  'routes: 1',
  'server: { workerz: 2 }',
  'upstreams: { catalog: { backends: ["ftp://127.0.0.1"] } }',
  ''
]

/** The text of the configuration file. */
export function chaosConfig(options: ChaosConfigOptions, variant: Variant): string {
  const { groups, redis, folder, certificate } = options
  return stringify({
    server: {
      host: '127.0.0.1',
      port: 0,
      workers: 2,
      stallTimeout: '2s',
      // Clients and backends share its cores: that its loop is late says nothing of the gateway.
      limits: { maxEventLoopDelay: '0s' },
      shutdown: { delay: '0s', timeout: '5s' },
      ...(certificate && { tls: { certificates: [certificate] } })
    },
    admin: { port: 0 },
    store: { type: 'redis', url: redis, path: `${folder}/store` },
    // Far more than is asked for: what is tried is that Redis may come and go.
    rateLimit: { limit: 1_000_000, per: '1s', key: 'ip' },
    upstreams: {
      ...Object.fromEntries(groups.map((name) => [name, group(name, options, variant)])),
      ...(variant.hasExtraRoute && { extra: { backends: options.backends.catalog } })
    },
    routes: [
      ...groups.map((name) => ({ name, path: `/${name}`, upstream: name })),
      ...(variant.hasExtraRoute ? [{ name: 'extra', path: '/extra', upstream: 'extra' }] : [])
    ]
  })
}

function group(name: GroupName, options: ChaosConfigOptions, variant: Variant): object {
  const { backends, port, dns } = options
  const source =
    name === DISCOVERED
      ? { discovery: { type: 'dns', name: NAME, port, servers: [dns], refresh: '500ms' } }
      : {
          backends: backends[name]!.map((url, index) => ({
            url,
            weight: index === 0 ? variant.weight : 1,
            ...(name === 'inventory' && { maxInFlight: 64 })
          }))
        }
  return {
    ...source,
    balancing: variant.balancing[name],
    healthCheck: { path: '/health', interval: '500ms', timeout: '1s', healthyAfter: 2, unhealthyAfter: 2 },
    outlierDetection: { consecutiveFailures: 5, ejectFor: '1s', maxEjectFor: '2s', maxEjectedPercent: 50 },
    retry: {
      attempts: ATTEMPTS[name],
      on: ['connect', 'reset', 'timeout'],
      ...(name !== 'inventory' && { budgetPercent: 100 })
    },
    timeouts: { connect: '500ms', response: `${RESPONSE_TIMEOUT}ms`, idle: '3s' },
    connections: { keepAlive: `${KEEP_ALIVE}ms` },
    ...(name === 'inventory' && {
      queue: { max: 100, timeout: '1s' },
      circuitBreaker: { failurePercent: 60, minRequests: 20, window: '2s', openFor: '500ms' }
    }),
    ...(name === 'orders' && { concurrency: { min: 20, max: 200 } })
  }
}
