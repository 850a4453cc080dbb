import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'

async function securityHeaders(app: FastifyInstance): Promise<void> {
  const { securityHeaders: fieldsOf } = await import('../src/access/security-headers.ts')
  const fields = await fieldsOf(app.routeTable.routes)
  if (fields.size === 0) return
  app.addHook('onRequest', (request, reply, done) => {
    const { found } = request.record
    const ofRoute = found && fields.get(found.match.route)
    if (ofRoute) void reply.headers(ofRoute)
    done()
  })
}

/**
 * Tells browsers to be careful with the responses of the routes that have `securityHeaders`, whoever answers, in the
 * fields that @fastify/helmet sets. Registered before what answers requests, so that nothing goes without them.
 */
export default fp(securityHeaders, {
  fastify: '5.x',
  name: 'security-headers',
  dependencies: ['problem-details', 'request-record', 'routing']
})
