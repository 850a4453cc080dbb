import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { RouteConfig } from '../src/config/types.ts'
import { lookUp } from '../src/routing/lookup.ts'
import { RouteTable } from '../src/routing/route-table.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The routes of this app. */
    readonly routeTable: RouteTable
  }
}

/** The routes to serve, or a table that was made of them. */
export type RoutingOptions = { readonly routes: readonly RouteConfig[] } | { readonly table: RouteTable }

async function routing(app: FastifyInstance, options: RoutingOptions): Promise<void> {
  const table = tableOf(options)
  app.decorate('routeTable', table)
  app.addHook('onRequest', (request, _reply, done) => {
    const found = lookUp(table, request.raw)
    if ('match' in found) request.record.found = found
    else request.refusal = found.refusal
    done()
  })
}

function tableOf(options: RoutingOptions): RouteTable {
  if ('table' in options) return options.table
  if ('routes' in options) return new RouteTable(options.routes)
  throw new Error('routing needs routes: { routes }, as loadConfig and resolveDefinition give them')
}

/**
 * Finds the route of every request before any other concern looks at it. A request without one is not refused here:
 * the app may have other handlers for it.
 *
 * @example
 * ```ts
 * await app.register(routing, { routes })
 * app.addHook('onRequest', async ({ record }) => console.log(record.found?.match.route.name))
 * ```
 */
export default fp(routing, {
  fastify: '5.x',
  name: 'routing',
  dependencies: ['problem-details', 'request-record']
})
