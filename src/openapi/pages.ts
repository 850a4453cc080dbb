import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'

/**
 * What the pages may load: files from here, and images that are in them. No script and no style stands in the page
 * itself, so that what a service writes into its document is never either.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'"
].join('; ')

/** Fields of every answer. */
const FIELDS = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin'
}

/** What the pages are made with. */
export interface PagesOptions {
  /** Path that they are at. */
  readonly path: string
  /** Answers with the document that they show. */
  readonly sendDocument: (request: FastifyRequest, reply: FastifyReply) => void
}

/** An app with the pages to read a document: swagger-ui, from this origin alone. */
export async function buildPages({ path, sendDocument }: PagesOptions): Promise<FastifyInstance> {
  const [{ default: swagger }, { default: swaggerUi }] = await Promise.all([
    import('@fastify/swagger'),
    import('@fastify/swagger-ui')
  ])
  const app = Fastify()
  app.addHook('onSend', (_request, reply, _payload, done) => {
    void reply.headers(FIELDS)
    done()
  })
  await app.register(swagger, { openapi: { openapi: '3.1.0' } })
  await app.register(swaggerUi, {
    routePrefix: path,
    staticCSP: POLICY,
    theme: { title: 'API' },
    // Without the bar on top, in which one could ask for any other document.
    uiConfig: { layout: 'BaseLayout', deepLinking: true, displayRequestDuration: true },
    uiHooks: {
      // What it would answer is its own document: that of this app.
      onRequest: (request, reply, next) => {
        if (request.url === `${path}/json`) sendDocument(request, reply)
        else next()
      }
    }
  })
  await app.ready()
  return app
}
