import { METHODS } from 'node:http'
import httpProxy from '@fastify/http-proxy'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { Connections } from '../src/forwarding/connections.ts'
import { ForwardedRequest } from '../src/forwarding/forwarded-request.ts'
import { ForwardingTargets } from '../src/forwarding/targets.ts'
import { methodNotAllowed, noRoute } from '../src/problem.ts'
import { rewritePath } from '../src/routing/rewrite.ts'

/** Over which connections to forward. */
export interface ForwardingOptions {
  /** Shared with other generations; by default the app has its own and destroys them when it closes. */
  readonly connections?: Connections
}

/** CONNECT would make a tunnel and TRACE echo credentials; all else that Node can parse is forwarded. */
const FORWARDED_METHODS = METHODS.filter((method) => method !== 'CONNECT' && method !== 'TRACE')

/**
 * Forwards what a route takes to its upstream group. @fastify/http-proxy is mounted once for all routes, not once
 * per route: it refuses paths with dot segments, however encoded, and hands over to our own attempt.
 */
async function forwarding(app: FastifyInstance, options: ForwardingOptions): Promise<void> {
  const connections = options.connections ?? new Connections()
  const targets = new ForwardingTargets(app, connections)
  const targetOf = new Map(app.routeTable.routes.map((route) => [route, targets.for(route)]))

  app.addHook('onClose', async () => {
    await targets.release()
    if (!options.connections) await connections.destroy()
  })
  for (const method of FORWARDED_METHODS) {
    if (!app.supportedMethods.includes(method)) app.addHttpMethod(method, { hasBody: true })
  }

  await app.register(async (scope) => {
    // A forwarded body is opaque bytes; the parsers that the app has would buffer some of them.
    scope.removeAllContentTypeParsers()
    scope.addHook('onRequest', (request, _reply, done) => done(refusal(request)))
    await scope.register(httpProxy, {
      upstream: '',
      undici: STOCK_CLIENT,
      replyOptions: { getUpstream: () => '' },
      httpMethods: FORWARDED_METHODS,
      handler: (request: FastifyRequest, reply: FastifyReply, path: string) => {
        const { route } = request.record
        const target = request.raw.url!
        const query = target.indexOf('?')
        const rest = query === -1 ? '' : target.slice(query)
        new ForwardedRequest(
          request,
          reply,
          targetOf.get(route!.route)!,
          rewritePath(route!, path) + rest
        ).start()
      }
    })
  })
}

/** Keeps reply-from from making clients of its own: every request goes through the handler above. */
const STOCK_CLIENT = {
  request: (): never => {
    throw new Error('forwarded requests do not go through reply-from')
  }
} as unknown as NonNullable<httpProxy.FastifyHttpProxyOptions['undici']>

/** The error for a request that no route takes. */
function refusal(request: FastifyRequest): Error | undefined {
  const { route, allow } = request.record
  if (route) return undefined
  return allow ? methodNotAllowed(request.method, allow) : noRoute()
}

export default fp(forwarding, {
  fastify: '5.x',
  name: 'forwarding',
  dependencies: ['problem-details', 'request-record', 'upstream-registry', 'routing', 'balancing']
})
