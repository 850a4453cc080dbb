import type { FastifyInstance, HTTPMethods } from 'fastify'
import { methodNotAllowed } from '../problem.ts'
import { schemaProblem } from './schema-message.ts'

const METHODS: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/** The querystring of a route that names none. */
const NO_QUERY = { type: 'object', additionalProperties: false, properties: {} }

/**
 * Registers routes strictly: a query that no schema knows is 400, and a method that an address does not take is 405 with
 * Allow, where Fastify says 404.
 *
 * @param register - Adds the routes to a scope of their own.
 */
export async function registerStrict(
  app: FastifyInstance,
  prefix: string,
  register: (scope: FastifyInstance) => Promise<void>
): Promise<void> {
  const taken = new Map<string, HTTPMethods[]>()
  await app.register(
    async (scope) => {
      scope.setSchemaErrorFormatter(schemaProblem)
      scope.addHook('onRoute', (route) => {
        const methods = [route.method].flat()
        taken.set(route.url, [...(taken.get(route.url) ?? []), ...methods])
        route.schema = { querystring: NO_QUERY, ...route.schema }
      })
      await register(scope)
    },
    { prefix }
  )
  for (const [url, allow] of taken) {
    app.route({
      method: METHODS.filter((method) => !allow.includes(method)),
      url,
      schema: { hide: true },
      handler: (request) => {
        throw methodNotAllowed(request.method, allow)
      }
    })
  }
}
