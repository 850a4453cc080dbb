import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { corsHooks } from '../src/access/cors-hook.ts'
import { endUpload, refuseUpload } from '../src/forwarding/unread-upload.ts'
import { hasBody, http2Stream } from '../src/raw-messages.ts'
import { isPreflight } from '../src/routing/lookup.ts'

/**
 * Lets pages of other origins use the routes that have `cors`, by @fastify/cors. A preflight is answered here, before
 * limits and access: browsers send it without credentials, and pages are to read a 429. What a route without `cors`
 * answers stays as it is.
 */
async function cors(app: FastifyInstance): Promise<void> {
  const hooks = corsHooks(app.routeTable.routes)
  if (hooks.size === 0) return
  // The plugin's own, so that no request changes its shape.
  if (!app.hasRequestDecorator('corsPreflightEnabled')) app.decorateRequest('corsPreflightEnabled', false)
  app.addHook('onRequest', (request, reply, done) => {
    const { found } = request.record
    const ofRoute = found && hooks.get(found.match.route)
    if (!ofRoute) {
      done()
      return
    }
    if (!isPreflight(request.raw)) {
      ofRoute.response(request, reply, done)
      return
    }
    ofRoute.preflight(request, reply, (error) => {
      if (error) {
        done(error)
        return
      }
      refuseUpload(request.raw, reply.raw)
      // A head that ends its stream asks for no trailers.
      if (hasBody(request.raw)) {
        http2Stream(request.raw)?.once('finish', () => endUpload(request.raw))
      }
      void reply.header('x-request-id', request.id).status(204).send()
    })
  })
}

export default fp(cors, {
  fastify: '5.x',
  name: 'cors',
  dependencies: ['problem-details', 'request-record', 'routing']
})
