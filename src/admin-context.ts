import { addressBlocks } from './address-blocks.ts'
import type { AdminContext } from './admin/routes.ts'
import { explain } from './explain.ts'
import type { LiveState } from './live-state.ts'
import type { Membership } from './membership/membership.ts'
import type { DocumentKeeper } from './openapi/document-keeper.ts'
import type { Serving } from './serving.ts'
import type { EventLog } from './telemetry/events.ts'
import type { LogLevels } from './telemetry/log-levels.ts'
import type { MetricSources } from './telemetry/metrics/all-metrics.ts'
import type { EventCounts } from './telemetry/metrics/event-counts.ts'
import type { TraceExport } from './telemetry/trace-export.ts'
import type { ThreadPool } from './threads/thread-pool.ts'
import type { CertificateStore } from './tls/certificate-store.ts'
import { configIssues } from './tls/checked-config.ts'

/** The parts of a gateway that the admin API shows and asks. */
export interface ControlPlaneParts extends Pick<AdminContext, 'readiness' | 'reload'> {
  readonly live: LiveState
  readonly pool: ThreadPool
  readonly serving: Serving
  readonly membership: Membership
  readonly certificates: CertificateStore
  readonly documents: DocumentKeeper
  readonly traces: TraceExport
  readonly logLevels: LogLevels
  readonly events: EventLog
  readonly eventCounts: EventCounts
}

/** What the admin API shows and asks for, but who may ask. */
export function adminContext(parts: ControlPlaneParts): Omit<AdminContext, 'credentials'> {
  const { live, serving, membership, documents, logLevels, events, readiness, reload } = parts
  const { registry } = live
  return {
    registry,
    membership,
    generation: () => serving.version,
    events,
    metrics: metricSources(parts),
    routes: () => serving.table,
    documents: () => documents.view(),
    readiness,
    logLevels,
    admin: () => serving.config.admin,
    config: () => serving.config,
    explain: (request) => {
      const trusted = addressBlocks(serving.config.server.trustProxy)
      return explain({ table: serving.table, registry, trusted }, request)
    },
    reload,
    validate: () => configIssues(serving.config.file)
  }
}

/** Where the numbers of `/metrics` stand. */
function metricSources(parts: ControlPlaneParts): MetricSources {
  const { live, pool, serving, membership, certificates, traces, eventCounts } = parts
  return {
    facts: {
      generation: () => serving.version,
      workers: () => ({ configured: pool.size, serving: pool.serving(serving.version) }),
      threads: live.threads,
      connections: live.connections,
      gateways: () => Atomics.load(live.gateways, 0),
      storeTrouble: () => membership.store.trouble,
      discoveries: () => membership.discoveries,
      certificates: () => certificates.ends,
      spans: () => traces.counts
    },
    registry: live.registry,
    requests: () => live.requests,
    limits: () => live.decisions,
    config: () => serving.config,
    events: eventCounts
  }
}
