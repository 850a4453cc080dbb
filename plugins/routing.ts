import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { RouteConfig } from '../src/config/types.ts'
import { RouteTable } from '../src/routing/route-table.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The routes of this app. */
    readonly routeTable: RouteTable
  }
}

/** The routes to serve. */
export interface RoutingOptions {
  readonly routes: readonly RouteConfig[]
}

/**
 * Finds the route of every request before any other concern looks at it. A request without one is not refused here:
 * the app may have other handlers for it.
 */
async function routing(app: FastifyInstance, options: RoutingOptions): Promise<void> {
  const table = new RouteTable(options.routes)
  app.decorate('routeTable', table)
  app.addHook('onRequest', (request, _reply, done) => {
    const { method, url, headers } = request.raw
    const query = url!.indexOf('?')
    const found = table.lookup(method!, headers.host, query === -1 ? url! : url!.slice(0, query))
    if (found.kind === 'match') request.record.route = found
    else if (found.kind === 'method-mismatch') request.record.allow = found.allow
    done()
  })
}

export default fp(routing, { fastify: '5.x', name: 'routing', dependencies: ['request-record'] })
