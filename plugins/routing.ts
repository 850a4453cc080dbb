import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { lookUp } from '../src/routing/lookup.ts'
import type { RouteTable } from '../src/routing/route-table.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The routes of this app. */
    readonly routeTable: RouteTable
  }
}

/** The routes to serve. */
export interface RoutingOptions {
  readonly table: RouteTable
}

/**
 * Finds the route of every request before any other concern looks at it. A request without one is not refused here:
 * the app may have other handlers for it.
 */
async function routing(app: FastifyInstance, { table }: RoutingOptions): Promise<void> {
  app.decorate('routeTable', table)
  app.addHook('onRequest', (request, _reply, done) => {
    const found = lookUp(table, request.raw)
    if ('match' in found) request.record.found = found
    else request.refusal = found.refusal
    done()
  })
}

export default fp(routing, {
  fastify: '5.x',
  name: 'routing',
  dependencies: ['problem-details', 'request-record']
})
