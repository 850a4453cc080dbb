import type { LiveState } from './live-state.ts'
import type { Membership } from './membership/membership.ts'
import type { Serving } from './serving.ts'
import type { MetricSources } from './telemetry/metrics/all-metrics.ts'
import type { EventCounts } from './telemetry/metrics/event-counts.ts'
import type { ThreadPool } from './threads/thread-pool.ts'
import type { CertificateStore } from './tls/certificate-store.ts'

/** The parts of a gateway that know its numbers. */
export interface MetricParts {
  readonly live: LiveState
  readonly pool: ThreadPool
  readonly serving: Serving
  readonly membership: Membership
  readonly certificates: CertificateStore
  readonly events: EventCounts
}

/** Where the numbers of `/metrics` stand. */
export function metricSources({
  live,
  pool,
  serving,
  membership,
  certificates,
  events
}: MetricParts): MetricSources {
  return {
    facts: {
      generation: () => serving.version,
      workers: () => ({ configured: pool.size, serving: pool.serving(serving.version) }),
      threads: live.threads,
      connections: live.connections,
      gateways: () => Atomics.load(live.gateways, 0),
      storeTrouble: () => membership.store.trouble,
      discoveries: () => membership.discoveries,
      certificates: () => certificates.ends
    },
    registry: live.registry,
    requests: () => live.requests,
    limits: () => live.decisions,
    config: () => serving.config,
    events
  }
}
