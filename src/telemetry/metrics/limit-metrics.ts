import type { GatewayConfig } from '../../config/types.ts'
import type { LimitStats } from '../../limits/limit-stats.ts'
import { limitId } from '../../limits/limit-tables.ts'
import type { MetricFamily, Sample } from './family.ts'

/** Route of the limits of the whole gateway. */
const WHOLE_GATEWAY = '__all__'

/** What rate limits decided. */
export function limitMetrics(
  stats: () => LimitStats,
  config: () => Pick<GatewayConfig, 'rateLimit' | 'routes'>
): MetricFamily[] {
  return [
    {
      name: 'xecureapi_rate_limit_decisions_total',
      help: 'Requests that a rate limit let through (allowed), refused (denied), or would have refused (would_deny, dryRun).',
      type: 'counter',
      *collect() {
        const read = stats()
        const { rateLimit, routes } = config()
        yield* decisions(read, undefined, rateLimit)
        for (const route of routes) yield* decisions(read, route.name, route.rateLimit ?? [])
      }
    }
  ]
}

function* decisions(
  stats: LimitStats,
  route: string | undefined,
  limits: GatewayConfig['rateLimit']
): Generator<Sample> {
  for (const limit of limits) {
    const { allowed, denied, wouldDeny } = stats.decisions(limitId(route, limit))
    const labels = { route: route ?? WHOLE_GATEWAY, limit: limit.name }
    yield { labels: { ...labels, decision: 'allowed' }, value: allowed }
    yield { labels: { ...labels, decision: 'denied' }, value: denied }
    yield { labels: { ...labels, decision: 'would_deny' }, value: wouldDeny }
  }
}
