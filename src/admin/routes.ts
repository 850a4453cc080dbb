import type { FastifyInstance } from 'fastify'
import type { AdminConfig, GatewayConfig } from '../config/types.ts'
import type { ConfigIssue } from '../config/issue.ts'
import type { Explanation, ExplainRequest } from '../explain.ts'
import type { Membership } from '../membership/membership.ts'
import type { RouteTable } from '../routing/route-table.ts'
import type { EventLog, ReloadEvent } from '../telemetry/events.ts'
import type { MetricSources } from '../telemetry/metrics/all-metrics.ts'
import type { LogLevels } from '../telemetry/log-levels.ts'
import type { DocumentsView } from '../openapi/documents-view.ts'
import type { UpstreamRegistry } from '../upstreams/registry.ts'
import { configRoutes } from './config.ts'
import type { Credentials } from './credentials.ts'
import { dashboardRoutes } from './dashboard.ts'
import { eventRoutes } from './events.ts'
import { explainRoutes } from './explain.ts'
import { logRoutes } from './log.ts'
import { liveRoutes } from './live.ts'
import { documentRoutes } from './openapi.ts'
import { metricsRoutes } from './metrics.ts'
import { serviceDocumentRoutes } from './service-documents.ts'
import { probeRoutes } from './probes.ts'
import type { Readiness } from './readiness.ts'
import { doubtRoutes, registrationRoutes } from './registrations.ts'
import { routeRoutes } from './route-list.ts'
import { sessionRoutes } from './session.ts'
import { registerStrict } from './strict-routes.ts'
import { upstreamRoutes } from './upstreams.ts'

/** What the admin API shows and asks for. */
export interface AdminContext {
  readonly registry: UpstreamRegistry
  /** What is decided about backends at run time. */
  readonly membership: Pick<Membership, 'registrar' | 'store' | 'conflicts'>
  /** Number of the generation that serves. */
  readonly generation: () => number
  readonly events: EventLog
  /** Where the numbers of `/metrics` stand. */
  readonly metrics: MetricSources
  /** The routes that are served now. */
  readonly routes: () => RouteTable
  /** The services' OpenAPI documents. */
  readonly documents: () => DocumentsView
  readonly readiness: () => Readiness
  readonly logLevels: LogLevels
  /** Who may use it. */
  readonly admin: () => AdminConfig
  /** Knows who asks. */
  readonly credentials: Credentials
  /** The configuration that serves. */
  readonly config: () => GatewayConfig
  readonly explain: (request: ExplainRequest) => Explanation
  readonly reload: () => Promise<ReloadEvent>
  /** Every error of the configuration file as it is now. */
  readonly validate: () => Promise<readonly ConfigIssue[]>
}

/** The admin API: the control plane's own HTTP interface. */
export async function adminRoutes(app: FastifyInstance, context: AdminContext): Promise<void> {
  const describe = async (scope: FastifyInstance): Promise<void> => await ownRoutes(scope, context)
  await app.register(documentRoutes, { describe })
  await app.register(dashboardRoutes)
  await ownRoutes(app, context)
}

async function ownRoutes(app: FastifyInstance, context: AdminContext): Promise<void> {
  await app.register(probeRoutes, context)
  await app.register(metricsRoutes, context)
  await registerStrict(app, '/api', async (api) => {
    await api.register(sessionRoutes, context)
    await api.register(liveRoutes, context)
    await api.register(upstreamRoutes, context)
    await api.register(registrationRoutes, context)
    await api.register(doubtRoutes, context)
    await api.register(routeRoutes, context)
    await api.register(serviceDocumentRoutes, context)
    await api.register(explainRoutes, context)
    await api.register(eventRoutes, context)
    await api.register(configRoutes, context)
    await api.register(logRoutes, context)
  })
}
