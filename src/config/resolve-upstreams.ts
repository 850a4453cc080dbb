import { resolveDiscovery } from './discovery.ts'
import { parseOrigin } from './origin.ts'
import {
  resolveAffinity,
  resolveBalancing,
  resolveCircuitBreaker,
  resolveConnections,
  resolveOutlierDetection,
  resolveQueue
} from './resolve-balancing.ts'
import { resolveRetry, resolveTimeouts } from './resolve-forwarding.ts'
import { resolveConcurrency } from './resolve-limits.ts'
import { duration, present } from './resolve-parts.ts'
import { resolveUpstreamTls } from './resolve-tls.ts'
import type { RawConfig } from './schema.ts'
import { parseStatusRange } from './status-ranges.ts'
import type {
  BackendConfig,
  HealthCheckConfig,
  RetryConfig,
  TimeoutsConfig,
  UpstreamGroupConfig
} from './types.ts'

type RawGroup = NonNullable<RawConfig['upstreams']>[string]
type RawHealthCheck = NonNullable<RawGroup['healthCheck']>
type RawStatus = NonNullable<NonNullable<RawHealthCheck['expect']>['status']>

/**
 * Turns a valid group into the form that the gateway works with.
 *
 * @param folder - Where relative paths start.
 */
export function resolveGroup(folder: string, name: string, group: RawGroup): UpstreamGroupConfig {
  const { outlierDetection, circuitBreaker, affinity } = group
  // 0s means none, as it does elsewhere.
  const slowStart = group.slowStart === undefined ? 0 : duration(group.slowStart)
  return {
    name,
    balancing: resolveBalancing(present(group.balancing)),
    backends: (group.backends ?? []).map(resolveBackend),
    ...(group.discovery && { discovery: resolveDiscovery(folder, group.discovery) }),
    hostHeader: present(group.hostHeader),
    forwardedHeader: present(group.forwardedHeader),
    ...(group.healthCheck && { healthCheck: resolveHealthCheck(group.healthCheck) }),
    ...(outlierDetection && { outlierDetection: resolveOutlierDetection(outlierDetection) }),
    ...(circuitBreaker && { circuitBreaker: resolveCircuitBreaker(circuitBreaker) }),
    ...(group.concurrency && { concurrency: resolveConcurrency(group.concurrency) }),
    ...(slowStart > 0 && { slowStart }),
    ...(affinity && { affinity: resolveAffinity(affinity) }),
    queue: resolveQueue(present(group.queue)),
    panicThreshold: present(group.panicThreshold),
    connections: resolveConnections(present(group.connections)),
    retry: resolveRetry(present(group.retry)) as RetryConfig,
    timeouts: resolveTimeouts(present(group.timeouts)) as TimeoutsConfig,
    protocol: present(group.protocol),
    ...(group.tls && { tls: resolveUpstreamTls(folder, group.tls) }),
    ...(group.openapi !== undefined && { openapi: group.openapi })
  }
}

function resolveBackend(backend: NonNullable<RawGroup['backends']>[number]): BackendConfig {
  // Ajv puts no defaults into the branches of a union.
  const {
    url,
    weight = 1,
    tier = 0,
    maxInFlight = 0
  } = typeof backend === 'string' ? { url: backend } : backend
  const parsed = parseOrigin(url)
  return { url: 'origin' in parsed ? parsed.origin : url, weight, tier, maxInFlight }
}

function resolveHealthCheck(check: RawHealthCheck): HealthCheckConfig {
  const expect = present(check.expect)
  return {
    type: present(check.type),
    path: present(check.path),
    ...(check.port !== undefined && { port: check.port }),
    method: present(check.method),
    headers: { ...present(check.headers) },
    interval: duration(check.interval),
    timeout: duration(check.timeout),
    healthyAfter: present(check.healthyAfter),
    unhealthyAfter: present(check.unhealthyAfter),
    expect: {
      status: asList(present(expect.status)).flatMap((entry) => parseStatusRange(entry) ?? []),
      ...(expect.body !== undefined && { body: expect.body })
    },
    ...(check.initially && { initially: check.initially })
  }
}

function asList(status: RawStatus): readonly (number | string)[] {
  return Array.isArray(status) ? status : [status]
}
