import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { corsHooks } from '../src/access/cors-hook.ts'
import { endUpload, refuseUpload } from '../src/forwarding/unread-upload.ts'
import { hasBody, http2Stream } from '../src/raw-messages.ts'
import { isPreflight, pathOf, preflighted } from '../src/routing/lookup.ts'

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
    const asked = preflighted(app.routeTable, request.raw, pathOf(found.target))
    // The request that it asks about goes to a route without cors: that this one takes OPTIONS allows nothing there.
    if (asked && asked.route !== found.match.route) {
      answerPreflight(request, reply)
      return
    }
    ofRoute.preflight(request, reply, (error) => {
      if (error) done(error)
      else answerPreflight(request, reply)
    })
  })
}

function answerPreflight({ id, raw }: FastifyRequest, reply: FastifyReply): void {
  refuseUpload(raw, reply.raw)
  // A head that ends its stream asks for no trailers.
  if (hasBody(raw)) http2Stream(raw)?.once('finish', () => endUpload(raw))
  void reply.header('x-request-id', id).status(204).send()
}

/**
 * Lets pages of other origins use the routes that have `cors`, by @fastify/cors. A preflight is answered here, before
 * limits and access: browsers send it without credentials, and pages are to read a 429. What a route without `cors`
 * answers stays as it is.
 */
export default fp(cors, {
  fastify: '5.x',
  name: 'cors',
  dependencies: ['problem-details', 'request-record', 'routing']
})
