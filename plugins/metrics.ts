import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Registry } from 'prom-client'
import { statusOf } from '../src/telemetry/access-log.ts'
import { localRouteStats, type RouteStats } from '../src/telemetry/route-stats.ts'

/** Where requests are counted. */
export interface MetricsOptions {
  /** By default memory of the app's own. */
  readonly stats?: RouteStats
}

/** Metrics in the text format of Prometheus. */
export interface PrintedMetrics {
  /** Its media type. */
  readonly type: string
  readonly text: string
}

declare module 'fastify' {
  interface FastifyInstance {
    /**
     * Prints what this app counts: requests by route; where the registry is owned also groups and backends. Serve it where
     * only those get who may know.
     */
    readMetrics(): Promise<PrintedMetrics>
  }
}

async function metrics(app: FastifyInstance, options: MetricsOptions): Promise<void> {
  const stats = options.stats ?? localRouteStats(app.routeTable.routes.map(({ name }) => name))
  app.decorate('readMetrics', printerOf(app, stats))
  app.addHook('onRequest', (request, _reply, done) => {
    request.record.slot = stats.slotOf(request.record.found?.match.route.name)
    stats.begin(request.record.slot)
    done()
  })
  app.observeRequests((request, reply) => {
    const { record } = request
    // A hook before this plugin's answered it.
    if (record.slot === -1) stats.begin((record.slot = stats.slotOf(undefined)))
    const seconds = (performance.now() - record.startedAt) / 1000
    stats.end(record.slot, request.method, statusOf(reply), seconds, record.reason)
  })
}

function printerOf(app: FastifyInstance, stats: RouteStats): () => Promise<PrintedMetrics> {
  let made: Promise<Registry> | undefined
  return async () => {
    made ??= loadMetrics(app, stats)
    const registry = await made
    return { type: registry.contentType, text: await registry.metrics() }
  }
}

/** What prints is loaded when somebody asks. */
async function loadMetrics(app: FastifyInstance, stats: RouteStats): Promise<Registry> {
  const { appMetrics } = await import('../src/telemetry/metrics/app-metrics.ts')
  return appMetrics(stats, app.hasDecorator('registry') ? app.registry : null)
}

/**
 * Counts every request and its duration by route, in live state.
 *
 * @example
 * ```ts
 * await app.register(metrics)
 * app.get('/metrics', async (_request, reply) => {
 *   const { type, text } = await app.readMetrics()
 *   return reply.type(type).send(text)
 * })
 * ```
 */
export default fp(metrics, { fastify: '5.x', name: 'metrics', dependencies: ['request-record', 'routing'] })
