import type { Registry } from 'prom-client'
import type { UpstreamRegistry } from '../../upstreams/registry.ts'
import type { RouteStats } from '../route-stats.ts'
import { backendMetrics } from './backend-metrics.ts'
import { exposition } from './exposition.ts'
import { groupMetrics } from './group-metrics.ts'
import { requestMetrics } from './request-metrics.ts'

/** Makes what prints the metrics of an app without a gateway around it. @param registry - null = it owns no groups. */
export function appMetrics(stats: RouteStats, registry: UpstreamRegistry | null): Registry {
  const ofGroups = registry ? [...groupMetrics(() => registry.groups), ...backendMetrics(registry)] : []
  return exposition([...requestMetrics(() => stats), ...ofGroups])
}
