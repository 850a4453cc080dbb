import type { GatewayConfig } from '../../config/types.ts'
import type { LimitStats } from '../../limits/limit-stats.ts'
import type { UpstreamRegistry } from '../../upstreams/registry.ts'
import type { RouteStats } from '../route-stats.ts'
import { backendMetrics } from './backend-metrics.ts'
import type { EventCounts } from './event-counts.ts'
import type { MetricFamily } from './family.ts'
import { type GatewayFacts, gatewayMetrics } from './gateway-metrics.ts'
import { groupMetrics } from './group-metrics.ts'
import { limitMetrics } from './limit-metrics.ts'
import { requestMetrics } from './request-metrics.ts'

/** Where the numbers stand. */
export interface MetricSources {
  readonly facts: GatewayFacts
  readonly registry: UpstreamRegistry
  readonly requests: () => RouteStats
  readonly limits: () => LimitStats
  readonly config: () => Pick<GatewayConfig, 'rateLimit' | 'routes'>
  readonly events: EventCounts
}

/** Every metric of the gateway, in the order in which it is printed. */
export function allMetrics({
  facts,
  registry,
  requests,
  limits,
  config,
  events
}: MetricSources): MetricFamily[] {
  return [
    ...gatewayMetrics(facts),
    ...requestMetrics(requests),
    ...limitMetrics(limits, config),
    ...groupMetrics(() => registry.groups),
    ...backendMetrics(registry),
    ...events.families((name) => registry.groups.has(name))
  ]
}
