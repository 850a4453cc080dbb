import type { HealthCheckConfig, UpstreamGroupConfig } from '../../src/config/types.ts'
import type { HealthFlip, UpstreamRegistry } from '../../src/upstreams/registry.ts'

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

/** A group with one backend a host. */
export function group(
  name: string,
  hosts: readonly string[],
  more: Partial<UpstreamGroupConfig> = {}
): UpstreamGroupConfig {
  return {
    name,
    balancing: { algorithm: 'round-robin' },
    backends: hosts.map((host) => ({ url: `http://${host}`, weight: 1 })),
    hostHeader: 'preserve',
    forwardedHeader: false,
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

/** All flips from now on. */
export function flipsOf(registry: UpstreamRegistry): HealthFlip[] {
  const flips: HealthFlip[] = []
  registry.on('flip', (flip) => flips.push(flip))
  return flips
}
