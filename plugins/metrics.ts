import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { statusOf } from '../src/telemetry/access-log.ts'
import type { RouteStats } from '../src/telemetry/route-stats.ts'

/** Where requests are counted. */
export interface MetricsOptions {
  readonly stats: RouteStats
}

/** Counts every request and its duration by route, in live state. */
async function metrics(app: FastifyInstance, { stats }: MetricsOptions): Promise<void> {
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

export default fp(metrics, { fastify: '5.x', name: 'metrics', dependencies: ['request-record', 'routing'] })
