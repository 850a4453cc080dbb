import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { noRoute, problem, PROBLEM_TYPE, ProblemError } from '../problem.ts'

/** Where the build puts the dashboard's files: beside the compiled sources, or below `dist` of a checkout. */
const FOLDER = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../../dist/dashboard' : '../../dashboard', import.meta.url)
)

const INDEX = 'index.html'

/** What the page may load, ask for and be part of: nothing but what this gateway serves, and nothing written into it. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'"
].join('; ')

const FIELDS = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff'
}

/** The name of an asset has the hash of what is in it. */
const FOR_EVER = 'public, max-age=31536000, immutable'

/**
 * The dashboard's files at `/` and `/assets/`: they hold no data, so nobody is asked for a token. They are served by an app
 * that is made when the first one asks, as most gateways are never asked.
 *
 * @param folder - Where they are.
 */
export async function dashboardRoutes(
  app: FastifyInstance,
  { folder = FOLDER }: { readonly folder?: string } = {}
): Promise<void> {
  let files: Promise<FastifyInstance> | undefined
  app.addHook('onClose', async () => {
    await (await files?.catch(() => undefined))?.close()
  })
  for (const url of ['/', '/assets/*']) {
    app.get(url, { config: { isOpen: true }, schema: { hide: true } }, async (request, reply) => {
      if (!existsSync(join(folder, INDEX))) {
        throw new ProblemError(404, 'not_built', 'The dashboard was not built: "npm run build" does that.')
      }
      files ??= serveFiles(folder).catch((error: unknown) => {
        files = undefined
        throw error
      })
      const served = await files
      served.routing(request.raw, reply.hijack().raw)
    })
  }
}

async function serveFiles(folder: string): Promise<FastifyInstance> {
  const { default: serveStatic } = await import('@fastify/static')
  const app = Fastify()
  await app.register(serveStatic, {
    root: folder,
    index: INDEX,
    dotfiles: 'deny',
    cacheControl: false,
    // Files of a package all have the same time, and two index files the same size.
    etag: false,
    lastModified: false,
    setHeaders: (reply, path) => {
      void reply.headers({ ...FIELDS, 'cache-control': basename(path) === INDEX ? 'no-cache' : FOR_EVER })
    }
  })
  const refuse = (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const { statusCode, message } = noRoute()
    const body = Buffer.from(JSON.stringify(problem(statusCode, message, request.id)))
    return reply
      .status(statusCode)
      .headers({ ...FIELDS, 'content-type': PROBLEM_TYPE })
      .send(body)
  }
  app.setNotFoundHandler(refuse)
  // A path that leads out of the folder is an error to what serves it.
  app.setErrorHandler((_error, request, reply) => refuse(request, reply))
  await app.ready()
  return app
}
