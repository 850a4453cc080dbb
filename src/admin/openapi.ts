import Fastify, { type FastifyInstance } from 'fastify'
import { ADMIN_COOKIE } from '../admin-cookie.ts'

const DESCRIPTION =
  'Steers a running gateway. Errors are application/problem+json (RFC 9457); unknown properties are 400. Where tokens ' +
  'are set, everything but /healthz, /readyz and POST /api/session asks for one, or for the cookie that the latter gives.'

/**
 * The admin API's own OpenAPI document at `/openapi.json`, and pages to read it at `/docs`. Both come from an app that is
 * made when the first one asks: most gateways are never asked, and what makes them takes a start a tenth of a second.
 *
 * @param describe - Registers the routes that are described.
 */
export async function documentRoutes(
  app: FastifyInstance,
  { describe }: { readonly describe: (scope: FastifyInstance) => Promise<void> }
): Promise<void> {
  let documents: Promise<FastifyInstance> | undefined
  app.addHook('onClose', async () => {
    await (await documents)?.close()
  })
  for (const url of ['/openapi.json', '/docs', '/docs/*']) {
    app.get(url, async (request, reply) => {
      documents ??= buildDocuments(describe)
      const described = await documents
      described.routing(request.raw, reply.hijack().raw)
    })
  }
}

async function buildDocuments(describe: (scope: FastifyInstance) => Promise<void>): Promise<FastifyInstance> {
  const [{ default: swagger }, { default: swaggerUi }] = await Promise.all([
    import('@fastify/swagger'),
    import('@fastify/swagger-ui')
  ])
  const app = Fastify()
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'XecureAPI Gateway: admin API', version: '1', description: DESCRIPTION },
      components: {
        securitySchemes: {
          token: { type: 'http', scheme: 'bearer' },
          session: {
            type: 'apiKey',
            in: 'cookie',
            name: ADMIN_COOKIE,
            description: 'With the port behind it, as in xecureapi-session-9090.'
          }
        }
      },
      security: [{ token: [] }, { session: [] }]
    }
  })
  await app.register(swaggerUi, { routePrefix: '/docs' })
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger())
  await app.register(describe)
  await app.ready()
  return app
}
