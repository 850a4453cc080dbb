import { parseRequestKey } from './request-key-text.ts'
import { duration, present } from './resolve-parts.ts'
import type { RawConfig } from './schema.ts'
import type {
  AffinityConfig,
  BalancingConfig,
  CircuitBreakerConfig,
  ConnectionsConfig,
  OutlierDetectionConfig,
  QueueConfig
} from './types.ts'

type RawGroup = NonNullable<RawConfig['upstreams']>[string]
type Raw<K extends keyof RawGroup> = NonNullable<RawGroup[K]>

/** `balancing`: algorithms that go by a key always have one. */
export function resolveBalancing(balancing: Raw<'balancing'>): BalancingConfig {
  const { algorithm, key = 'ip' } = typeof balancing === 'string' ? { algorithm: balancing } : balancing
  if (algorithm === 'ip-hash') return { algorithm, key: { from: 'ip' } }
  return algorithm === 'hash' ? { algorithm, key: present(parseRequestKey(key)) } : { algorithm }
}

/** `outlierDetection`. */
export function resolveOutlierDetection(detection: Raw<'outlierDetection'>): OutlierDetectionConfig {
  return {
    consecutiveFailures: present(detection.consecutiveFailures),
    interval: duration(detection.interval),
    ejectFor: duration(detection.ejectFor),
    maxEjectFor: duration(detection.maxEjectFor),
    maxEjectedPercent: present(detection.maxEjectedPercent),
    dryRun: present(detection.dryRun)
  }
}

/** `circuitBreaker`. */
export function resolveCircuitBreaker(breaker: Raw<'circuitBreaker'>): CircuitBreakerConfig {
  return {
    failurePercent: present(breaker.failurePercent),
    minRequests: present(breaker.minRequests),
    window: duration(breaker.window),
    openFor: duration(breaker.openFor)
  }
}

/** `affinity`; without a secret when the gateway is to make one. */
export function resolveAffinity({ cookie, ttl, secret }: Raw<'affinity'>): AffinityConfig {
  return { cookie: present(cookie), ttl: duration(ttl), ...(secret !== undefined && { secret }) }
}

/** `queue`. */
export function resolveQueue({ max, timeout }: Raw<'queue'>): QueueConfig {
  return { max: present(max), timeout: duration(timeout) }
}

/** `connections`. */
export function resolveConnections({ perBackend, keepAlive }: Raw<'connections'>): ConnectionsConfig {
  return { perBackend: present(perBackend), keepAlive: duration(keepAlive) }
}
