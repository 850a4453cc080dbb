import type { Server } from 'node:http'
import { setImmediate as nextTurn } from 'node:timers/promises'
import Fastify, { type FastifyBaseLogger, type FastifyHttpOptions, type FastifyInstance } from 'fastify'
import accessLog from '../plugins/access-log.ts'
import balancing from '../plugins/balancing.ts'
import circuitBreaking from '../plugins/circuit-breaking.ts'
import concurrencyLimits from '../plugins/concurrency-limits.ts'
import forwarding from '../plugins/forwarding.ts'
import healthChecks from '../plugins/health-checks.ts'
import metrics from '../plugins/metrics.ts'
import outlierDetection from '../plugins/outlier-detection.ts'
import overloadProtection from '../plugins/overload-protection.ts'
import problemDetails, { sendProblem } from '../plugins/problem-details.ts'
import requestRecord from '../plugins/request-record.ts'
import routing from '../plugins/routing.ts'
import upstreamRegistry from '../plugins/upstream-registry.ts'
import { Credentials } from './admin/credentials.ts'
import { guard } from './admin/guard.ts'
import { type AdminContext, adminRoutes } from './admin/routes.ts'
import type { GatewayConfig } from './config/types.ts'
import type { Connections } from './forwarding/connections.ts'
import type { JwksSource } from './access/jwks-source.ts'
import type { DocumentShelf } from './openapi/published.ts'
import { limitsOf } from './limits/limit-tables.ts'
import { forwardFirst } from './routing/lookup.ts'
import { RouteTable } from './routing/route-table.ts'
import { requestIds } from './telemetry/request-id.ts'
import type { FinishedTrace } from './telemetry/finished-trace.ts'
import type { RouteStats } from './telemetry/route-stats.ts'
import type { Limiters } from './threads/limiters.ts'
import type { UpstreamGroups } from './upstreams/group.ts'
import type { UpstreamRegistry } from './upstreams/registry.ts'

/** What one generation of a data plane thread is built from. */
export interface GenerationParts {
  readonly config: Pick<
    GatewayConfig,
    'routes' | 'log' | 'server' | 'rateLimit' | 'auth' | 'tracing' | 'docs' | 'upstreams'
  >
  /** Keys of the issuers of tokens. */
  readonly jwks: JwksSource
  /** The services' documents. */
  readonly documents: DocumentShelf
  readonly groups: UpstreamGroups
  readonly connections: Connections
  readonly stats: RouteStats
  /** Makes the limiters of its limits; closed with the app. */
  readonly limiters: Limiters
  /** Told of every request that is traced, when it is over. */
  readonly onTraced: (trace: FinishedTrace) => void
  readonly log: FastifyBaseLogger
}

const nextRequestId = requestIds()

/**
 * Builds the app that serves public traffic under one configuration; ready, but without a listener of its own. Lets
 * the traffic that its thread has meanwhile take turns: with a thousand routes each step takes a millisecond or two.
 */
export async function buildGeneration(parts: GenerationParts): Promise<FastifyInstance> {
  const table = new RouteTable(parts.config.routes, parts.config.server.limits.maxHeaders)
  await nextTurn()
  const app = createApp(parts.log, { rewriteUrl: forwardFirst(table) })
  app.addHook('onClose', () => parts.limiters.close())
  await app.register(problemDetails)
  await app.register(requestRecord)
  const { auth, routes, tracing } = parts.config
  // Before whatever may answer.
  if (tracing) {
    const { sample, parentBased } = tracing
    await app.register(import('../plugins/tracing.ts'), { sample, parentBased, onFinished: parts.onTraced })
  }
  await app.register(upstreamRegistry, { groups: parts.groups })
  await app.register(routing, { table })
  await app.register(metrics, { stats: parts.stats })
  const { access } = parts.config.log
  if (access) await app.register(accessLog, access)
  // What few ask for is loaded when somebody does: each takes every thread some tens of milliseconds.
  if (routes.some((route) => route.securityHeaders)) {
    await app.register(import('../plugins/security-headers.ts'))
  }
  if (routes.some((route) => route.cors)) await app.register(import('../plugins/cors.ts'))
  const { trustProxy, limits } = parts.config.server
  await app.register(overloadProtection, { maxEventLoopDelay: limits.maxEventLoopDelay })
  if (routes.some(({ access }) => access)) {
    await app.register(import('../plugins/access-control.ts'), { auth, jwks: parts.jwks, trustProxy })
  }
  if (limitsOf(parts.config).length > 0) {
    await app.register(import('../plugins/rate-limiting.ts'), {
      limits: parts.config.rateLimit,
      limiterOf: (id, limit) => parts.limiters.of(id, limit),
      trustProxy
    })
  }
  const { docs, upstreams } = parts.config
  if (upstreams.some(({ openapi }) => openapi !== undefined)) {
    await app.register(import('../plugins/openapi.ts'), { documents: parts.documents, docs, auth })
  }
  if (routes.some(({ validateRequests }) => validateRequests)) {
    await app.register(import('../plugins/request-validation.ts'), { limits })
  }
  await app.register(balancing)
  await nextTurn()
  await app.register(forwarding, {
    connections: parts.connections,
    trustProxy,
    limits,
    auth
  })
  await nextTurn()
  await app.ready()
  return app
}

/** What the control plane's app is built from. */
export interface ControlParts {
  readonly registry: UpstreamRegistry
  readonly log: FastifyBaseLogger
  readonly admin: Omit<AdminContext, 'credentials'>
}

/** The largest body that the admin API takes, in bytes: a backend is a few lines. */
const MAX_ADMIN_BODY = 64 * 1024

/** Builds the control plane's app: it probes and judges the backends, and serves the admin API. */
export async function buildControl(parts: ControlParts): Promise<FastifyInstance> {
  // Fastify takes parameters of up to 100 characters; a group's name or a backend's host may be longer.
  const app = createApp(parts.log, {
    routerOptions: { maxParamLength: 500 },
    bodyLimit: MAX_ADMIN_BODY
  })
  await app.register(problemDetails)
  const credentials = new Credentials({ admin: parts.admin.admin, log: parts.log })
  guard(app, { credentials, events: parts.admin.events })
  await app.register(upstreamRegistry, { registry: parts.registry })
  await app.register(outlierDetection)
  await app.register(circuitBreaking)
  await app.register(concurrencyLimits)
  await app.register(healthChecks)
  await app.register(adminRoutes, { ...parts.admin, credentials })
  await app.ready()
  return app
}

function createApp(log: FastifyBaseLogger, options: FastifyHttpOptions<Server> = {}): FastifyInstance {
  const app = Fastify({
    ...options,
    ajv: { customOptions: { removeAdditional: false, coerceTypes: 'array' } },
    genReqId: (raw) => nextRequestId(raw.headers),
    frameworkErrors: sendProblem,
    // While a generation closes, its keep-alive clients are served by the next one; a 503 would be a lie.
    return503OnClosing: false
  })
  // Not by an option: with one, Fastify makes a child logger for every request and follows its response, for lines
  // that are the access log's affair here.
  app.log = log
  return app
}
