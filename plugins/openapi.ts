import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { AuthConfig, DocsConfig } from '../src/config/types.ts'
import { hasAlready } from '../src/openapi/if-none-match.ts'
import type { PagesOptions } from '../src/openapi/pages.ts'
import { type DocumentShelf, PostedDocuments, type PublishedDocuments } from '../src/openapi/published.ts'
import { ProblemError } from '../src/problem.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The services' documents. */
    readonly documents: DocumentShelf
  }
}

/** What to serve, and where. */
export interface OpenApiOptions {
  /** Where the documents come from; by default the app asks its backends itself. */
  readonly documents?: DocumentShelf
  /** By default enabled, at `/docs`. */
  readonly docs?: DocsConfig
  /** What routes ask clients for. */
  readonly auth?: AuthConfig | undefined
}

/** Where the composed document is. */
const DOCUMENT_PATH = '/openapi.json'
/** How long who asks for the document waits for the first one, in milliseconds. */
const PATIENCE = 5000

async function openapi(app: FastifyInstance, options: OpenApiOptions): Promise<void> {
  const { docs = { enabled: true, path: '/docs' }, auth } = options
  const documents = options.documents ?? (await keepOwn(app, docs, auth))
  app.decorate('documents', documents)
  if (!docs.enabled) return

  const sendDocument = (request: FastifyRequest, reply: FastifyReply): void => {
    const { current } = documents
    if (current) send(current, request, reply)
    else
      void waitForFirst(documents).then(
        (first) => send(first, request, reply),
        (error) => reply.send(error)
      )
  }
  app.get(DOCUMENT_PATH, (request, reply) => {
    sendDocument(request, reply)
    return reply
  })

  let pages: Promise<FastifyInstance> | undefined
  app.addHook('onClose', async () => {
    await (await pages?.catch(() => undefined))?.close()
  })
  for (const url of [docs.path, `${docs.path}/*`]) {
    app.get(url, async (request, reply) => {
      pages ??= loadPages({ path: docs.path, sendDocument })
      const shown = await pages
      shown.routing(request.raw, reply.hijack().raw)
    })
  }
}

async function loadPages(options: PagesOptions): Promise<FastifyInstance> {
  const { buildPages } = await import('../src/openapi/pages.ts')
  return await buildPages(options)
}

function send({ body, etag }: PublishedDocuments, request: FastifyRequest, reply: FastifyReply): void {
  void reply.header('etag', etag).header('cache-control', 'no-cache')
  if (hasAlready(request.headers['if-none-match'], etag)) {
    void reply.status(304).send()
    return
  }
  // Bytes in shared memory are no bytes for Fastify until they are serialized; then it takes them, whatever its types say.
  const asText = (bytes: Uint8Array): string =>
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) as unknown as string
  void reply.type('application/json').serializer(asText).send(body)
}

async function waitForFirst({ first }: DocumentShelf): Promise<PublishedDocuments> {
  const found = await Promise.race([first, delay(PATIENCE, undefined, { ref: false })])
  if (found) return found
  throw new ProblemError(503, 'document_missing', 'The document is not composed yet.', { 'retry-after': '1' })
}

/** Without a control plane the app does it all by itself. */
async function keepOwn(
  app: FastifyInstance,
  docs: DocsConfig,
  auth: AuthConfig | undefined
): Promise<DocumentShelf> {
  const { DocumentKeeper } = await import('../src/openapi/document-keeper.ts')
  const posted = new PostedDocuments()
  const keeper = new DocumentKeeper({
    log: app.log,
    groups: () => app.upstreams,
    onChange: (documents) => posted.take(documents)
  })
  const upstreams = [...app.upstreams.values()].map(({ settings }) => settings)
  keeper.follow({ docs, routes: app.routeTable.routes, upstreams, ...(auth && { auth }) })
  app.addHook('onReady', async () => await keeper.prepare({ routes: app.routeTable.routes }))
  app.addHook('onClose', async () => keeper.stop())
  return posted
}

/**
 * Serves the document composed of the services', and pages to read it, whose own app is made when somebody looks at them.
 *
 * @example
 * ```ts
 * await app.register(openapi, { docs: { enabled: true, path: '/docs' } })
 * // GET /openapi.json and GET /docs
 * ```
 */
export default fp(openapi, {
  fastify: '5.x',
  name: 'openapi',
  dependencies: ['problem-details', 'request-record', 'upstream-registry', 'routing']
})
