import type { ClientLimitsConfig, FileStoreConfig, UpstreamGroupConfig } from '../../src/config/types.ts'

/** `server.limits` as it is unless a configuration says otherwise, for tests that build theirs by hand. */
export const DEFAULT_LIMITS: ClientLimitsConfig = {
  headersTimeout: 10_000,
  requestTimeout: 60_000,
  keepAliveTimeout: 72_000,
  sendTimeout: 60_000,
  maxConnections: 10_000,
  maxConnectionsPerIp: 0,
  maxHeaderSize: 16 * 1024,
  maxHeaders: 100,
  bodyLimit: 10 * 1024 ** 2,
  maxEventLoopDelay: 1000
}

/** `store` likewise. @param folder - Absolute path of the configuration file's folder. */
export function defaultStore(folder: string): FileStoreConfig {
  return { type: 'file', path: `${folder}/.xecureapi` }
}

/** What a group has unless a configuration says otherwise, besides its name and backends. */
export const DEFAULT_GROUP = {
  balancing: { algorithm: 'round-robin' },
  protocol: 'http1',
  hostHeader: 'preserve',
  forwardedHeader: false,
  queue: { max: 0, timeout: 1000 },
  panicThreshold: 0,
  connections: { perBackend: 128, keepAlive: 60_000 },
  retry: { attempts: 2, on: ['connect', 'reset'], methods: [], budgetPercent: 20, bodyBuffer: 65_536 },
  timeouts: { connect: 2000, response: 30_000, idle: 60_000, total: 0 }
} as const satisfies Omit<UpstreamGroupConfig, 'name' | 'backends'>
