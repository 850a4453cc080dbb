import type { EventEmitter } from 'node:events'
import type {
  BackendConfig,
  CircuitBreakerConfig,
  HealthCheckConfig,
  OutlierDetectionConfig,
  UpstreamGroupConfig
} from '../../src/config/types.ts'
import type { RegistryEvents } from '../../src/upstreams/registry-events.ts'
import type { UpstreamRegistry } from '../../src/upstreams/registry.ts'

/** A health check with the configuration's defaults. */
export function check(more: Partial<HealthCheckConfig> = {}): HealthCheckConfig {
  return {
    type: 'http',
    path: '/',
    method: 'GET',
    headers: {},
    interval: 2000,
    timeout: 1000,
    healthyAfter: 2,
    unhealthyAfter: 3,
    expect: { status: [{ from: 200, to: 299 }] },
    ...more
  }
}

/** Outlier detection with the configuration's defaults. */
export function outlierDetection(more: Partial<OutlierDetectionConfig> = {}): OutlierDetectionConfig {
  return {
    consecutiveFailures: 5,
    ejectFor: 30_000,
    maxEjectFor: 300_000,
    maxEjectedPercent: 50,
    dryRun: false,
    interval: 10_000,
    ...more
  }
}

/** A circuit breaker with the configuration's defaults. */
export function circuitBreaker(more: Partial<CircuitBreakerConfig> = {}): CircuitBreakerConfig {
  return { failurePercent: 50, minRequests: 20, window: 10_000, openFor: 5_000, ...more }
}

/** A backend with the configuration's defaults. */
export function server(host: string, more: Partial<BackendConfig> = {}): BackendConfig {
  return { url: `http://${host}`, weight: 1, tier: 0, maxInFlight: 0, ...more }
}

/** A group with one backend a host. */
export function group(
  name: string,
  hosts: readonly string[],
  more: Partial<UpstreamGroupConfig> = {}
): UpstreamGroupConfig {
  return {
    name,
    balancing: { algorithm: 'round-robin' },
    backends: hosts.map((host) => ({ url: `http://${host}`, weight: 1, tier: 0, maxInFlight: 0 })),
    hostHeader: 'preserve',
    forwardedHeader: false,
    queue: { max: 0, timeout: 1000 },
    panicThreshold: 0,
    connections: { perBackend: 128, keepAlive: 60_000 },
    retry: { attempts: 2, on: ['connect', 'reset'], methods: [], budgetPercent: 20, bodyBuffer: 65_536 },
    timeouts: { connect: 2000, response: 30_000, idle: 60_000, total: 0 },
    protocol: 'http1',
    ...more
  }
}

/** Puts these groups in force, as a configuration that is applied does. */
export function apply(
  registry: UpstreamRegistry,
  groups: readonly UpstreamGroupConfig[],
  version: number
): void {
  registry.prepare(groups)
  registry.commit(groups, version)
}

/** All events of a kind from now on. */
export function eventsOf<K extends keyof RegistryEvents>(
  registry: UpstreamRegistry,
  kind: K
): RegistryEvents[K][0][] {
  const events: RegistryEvents[K][0][] = []
  ;(registry as EventEmitter).on(kind, (event: RegistryEvents[K][0]) => events.push(event))
  return events
}
