import { setImmediate as nextTurn } from 'node:timers/promises'
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
      // What could not be loaded may be the next time.
      registry.catch(() => (registry = undefined))
      const { contentType, text } = await printed(await registry)
      return reply.type(contentType).send(text)
    }
  )
}

interface Printed {
  readonly contentType: string
  readonly text: string
}

/** All families, then what is known of the process. */
async function printed(registry: Registry): Promise<Printed> {
  const { contentType } = registry
  const texts: string[] = []
  for (const { name } of registry.getMetricsAsArray()) {
    texts.push(await registry.getSingleMetricAsString(name))
    // With thousands of routes and backends it takes a while: probes, and requests with `workers: 0`, go between.
    await nextTurn()
  }
  texts.push(await (await processRegistry()).metrics())
  return { contentType, text: texts.join('\n\n') }
}

async function makeRegistry(sources: AdminContext['metrics']): Promise<Registry> {
  const [{ exposition }, { allMetrics }] = await Promise.all([
    import('../telemetry/metrics/exposition.ts'),
    import('../telemetry/metrics/all-metrics.ts')
  ])
  return exposition(allMetrics(sources))
}

let ofProcess: Promise<Registry> | undefined

/** One for all gateways of a process: what prom-client watches it with never ends. */
function processRegistry(): Promise<Registry> {
  ofProcess ??= import('prom-client').then(({ collectDefaultMetrics, Registry }) => {
    const registry = new Registry()
    collectDefaultMetrics({ register: registry })
    // Gauges that are named like counters: the sums of others that are there.
    for (const what of ['handles', 'requests', 'resources']) {
      registry.removeSingleMetric(`nodejs_active_${what}_total`)
    }
    return registry
  })
  return ofProcess
}
