import type { FastifyInstance } from 'fastify'
import type { Registry } from 'prom-client'
import type { AdminContext } from './routes.ts'

/** `/metrics`: every number of all threads, in the text format of Prometheus. */
export async function metricsRoutes(app: FastifyInstance, { metrics }: AdminContext): Promise<void> {
  // Loaded when the first one asks: not every gateway is ever asked.
  let registry: Promise<Registry> | undefined
  app.get(
    '/metrics',
    { schema: { summary: 'Every number of all threads, in the text format of Prometheus.' } },
    async (_request, reply) => {
      registry ??= makeRegistry(metrics)
      const made = await registry
      return reply.type(made.contentType).send(await made.metrics())
    }
  )
}

async function makeRegistry(sources: AdminContext['metrics']): Promise<Registry> {
  const [{ collectDefaultMetrics }, { exposition }, { allMetrics }] = await Promise.all([
    import('prom-client'),
    import('../telemetry/metrics/exposition.ts'),
    import('../telemetry/metrics/all-metrics.ts')
  ])
  const registry = exposition(allMetrics(sources))
  // Of the process, and of its main thread.
  collectDefaultMetrics({ register: registry })
  // Gauges that are named like counters: the sums of others that are there.
  for (const what of ['handles', 'requests', 'resources']) {
    registry.removeSingleMetric(`nodejs_active_${what}_total`)
  }
  return registry
}
