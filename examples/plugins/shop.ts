import type { IncomingMessage } from 'node:http'
import Fastify, { type FastifyInstance, LogController } from 'fastify'
import {
  accessLog,
  balancing,
  forwarding,
  healthChecks,
  metrics,
  outlierDetection,
  ProblemError,
  problemDetails,
  rateLimiting,
  requestIds,
  requestRecord,
  resolveDefinition,
  routing,
  upstreamRegistry
} from 'xecureapi-gateway'
import servedBy from './served-by.ts'
import versionFilter from './version-filter.ts'

/** What the shop is made of. */
export interface ShopOptions {
  /** Origins of the catalog's backends. */
  readonly catalog: readonly string[]
  /** The only version of the catalog that may have traffic; absent = any. */
  readonly version?: string | undefined
}

/** An app of one's own, with routes of its own, which balances over a catalog as the gateway does. */
export async function buildShop({ catalog, version }: ShopOptions): Promise<FastifyInstance> {
  // What gateway.yaml would say, checked the same way.
  const { upstreams, routes, rateLimit } = await resolveDefinition({
    upstreams: {
      catalog: {
        balancing: 'round-robin',
        backends: catalog,
        healthCheck: { path: '/healthz', interval: '500ms', unhealthyAfter: 2 },
        outlierDetection: { consecutiveFailures: 3, ejectFor: '10s' }
      }
    },
    routes: [
      // Whole replies, so that hooks of the app see them: `served-by` is one.
      {
        name: 'products',
        path: '/api/products',
        upstream: 'catalog',
        rewrite: '/products',
        mode: 'buffered'
      },
      {
        name: 'reports',
        path: '/api/reports',
        upstream: 'catalog',
        rewrite: '/products',
        rateLimit: { limit: 2, per: '1m' }
      }
    ],
    rateLimit: { limit: 1000, per: '1s', key: 'ip' }
  })

  // Lines of requests are the access log's affair.
  const logController = new LogController({ disableRequestLogging: true })
  // A client's own X-Request-Id is kept, and goes on to backends.
  const requestId = requestIds()
  const genReqId = ({ headers }: IncomingMessage): string => requestId(headers)
  const app = Fastify({ logger: true, logController, genReqId, forceCloseConnections: true })

  // The order is that of their hooks: what all others build on, who comes, what is counted, who may, where to.
  await app.register(problemDetails)
  await app.register(requestRecord)
  await app.register(upstreamRegistry, { upstreams })
  await app.register(routing, { routes })
  await app.register(metrics)
  await app.register(accessLog)
  await app.register(rateLimiting, { limits: rateLimit })
  await app.register(healthChecks)
  await app.register(outlierDetection)
  await app.register(servedBy)
  if (version !== undefined) await app.register(versionFilter, { group: 'catalog', wanted: version })
  await app.register(balancing)
  await app.register(forwarding)

  // Routes of the app's own stand beside those that are forwarded.
  app.get('/', () => ({ shop: 'open' }))
  app.get('/metrics', async ({ socket }, reply) => {
    if (!LOOPBACK.has(socket.remoteAddress ?? '')) {
      throw new ProblemError(403, 'address_foreign', 'Metrics are for this machine only.')
    }
    const { type, text } = await app.readMetrics()
    return reply.type(type).send(text)
  })
  return app
}

const LOOPBACK = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1'])
