import { METHODS } from 'node:http'
import type { FastifyHttpProxyOptions } from '@fastify/http-proxy'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { addressBlocks } from '../src/address-blocks.ts'
import type { AuthConfig } from '../src/config/types.ts'
import { Connections } from '../src/forwarding/connections.ts'
import { ForwardedRequest } from '../src/forwarding/forwarded-request.ts'
import { type BodyLimits, ForwardingTargets } from '../src/forwarding/targets.ts'
import { noRoute } from '../src/problem.ts'
import { FORWARDING_PATH } from '../src/routing/lookup.ts'
import { rewriteTarget } from '../src/routing/rewrite.ts'

/** How to forward. */
export interface ForwardingOptions {
  /** Shared with other generations; by default the app has its own and destroys them when it closes. */
  readonly connections?: Connections
  /** Addresses and CIDR blocks whose X-Forwarded-* is believed. */
  readonly trustProxy?: readonly string[]
  /** By default bodies may be as large and take as long as they like. */
  readonly limits?: BodyLimits
  /** What routes ask clients for; absent = nothing, so that backends are told nothing. */
  readonly auth?: AuthConfig | undefined
}

/** Keys of routes that other plugins keep. */
const KEPT_BY = [
  ['access', 'access-control'],
  ['rateLimit', 'rate-limiting'],
  ['cors', 'cors'],
  ['securityHeaders', 'security-headers'],
  ['validateRequests', 'request-validation']
] as const

/** CONNECT would make a tunnel and TRACE echo credentials; all else that Node can parse is forwarded. */
const FORWARDED_METHODS = METHODS.filter((method) => method !== 'CONNECT' && method !== 'TRACE')

async function forwarding(app: FastifyInstance, options: ForwardingOptions): Promise<void> {
  const connections = options.connections ?? new Connections()
  const { upstreams, balancers } = app
  const trusted = addressBlocks(options.trustProxy ?? [])
  const limits = options.limits ?? { bodyLimit: 0, requestTimeout: 0 }
  const targets = new ForwardingTargets({
    upstreams,
    balancers,
    connections,
    trusted,
    limits,
    auth: options.auth
  })
  for (const [key, plugin] of KEPT_BY) {
    // Else a route would be open, or without limits, for want of whoever looks.
    const isAsked = app.routeTable.routes.some(
      ({ [key]: asked }) => asked && (!Array.isArray(asked) || asked.length > 0)
    )
    if (isAsked && !app.hasPlugin(plugin)) {
      throw new Error(`routes have ${key}: register ${plugin} before forwarding`)
    }
  }
  const targetOf = new Map(app.routeTable.routes.map((route) => [route, targets.for(route)]))

  app.addHook('onClose', async () => {
    await targets.release()
    if (!options.connections) await connections.destroy()
  })
  for (const method of FORWARDED_METHODS) {
    if (!app.supportedMethods.includes(method)) app.addHttpMethod(method, { hasBody: true })
  }

  const forward = (request: FastifyRequest, reply: FastifyReply): void => {
    const { match, target } = request.record.found!
    const path = rewriteTarget(match, target)
    const chosen = targetOf.get(match.route)!.choose(request.raw)
    new ForwardedRequest(request, reply, chosen, path).start()
  }
  await app.register(async (scope) => {
    takeAnyMessage(scope)
    // Fastify looks the one of '*' up anew for every request, but remembers what an expression has matched.
    for (const type of [/^/, '*'])
      scope.addContentTypeParser(type, (_request, payload, done) => done(null, payload))
    scope.route({ method: FORWARDED_METHODS, url: FORWARDING_PATH, handler: forward })
  })
  await app.register(async (scope) => {
    takeAnyMessage(scope)
    await scope.register(import('@fastify/http-proxy'), {
      upstream: '',
      undici: STOCK_CLIENT,
      replyOptions: { getUpstream: () => '' },
      // `/*` takes `/` as well, which the app may have a route of its own for; below a prefix it does not.
      ...(scope.prefix === '' && { routes: ['/*'] }),
      httpMethods: FORWARDED_METHODS,
      handler: forward
    })
  })
}

/** A forwarded body is opaque bytes; the parsers that the app has would buffer some of them. */
function takeAnyMessage(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers()
  scope.addHook('onRequest', (request, _reply, done) => {
    allowAnyContentType(request)
    done(request.record.found ? undefined : (request.refusal ?? noRoute()))
  })
}

/**
 * Fastify answers 415 to a Content-Type that it can't parse, and 400 to a QUERY without one. Neither is a gateway's
 * affair: Fastify is shown another one, the backend gets the client's.
 */
function allowAnyContentType(request: FastifyRequest): void {
  const type = request.raw.headers['content-type']
  const isParsable = type === undefined ? request.method !== 'QUERY' : MEDIA_TYPE.test(type)
  if (!isParsable) request.headers = { 'content-type': 'application/octet-stream' }
}

/** RFC 9110 section 8.3.1, with or without parameters. */
const MEDIA_TYPE = /^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+\s*(?:;.*)?$/

/** Keeps reply-from from making clients of its own: every request goes through the handler above. */
const STOCK_CLIENT = {
  request: (): never => {
    throw new Error('forwarded requests do not go through reply-from')
  }
} as unknown as NonNullable<FastifyHttpProxyOptions['undici']>

/**
 * Forwards what a route takes to its upstream group. Responses that are passed on as they come have a route of their
 * own: what @fastify/http-proxy does with URLs costs a tenth of a request. It carries the ones that are whole Fastify
 * replies (`mode: buffered`), and whatever comes in an app that does not route by {@link forwardFirst}; it is mounted
 * once for all routes, and hands over to the same attempt.
 *
 * @example
 * ```ts
 * await app.register(problemDetails)
 * await app.register(requestRecord)
 * await app.register(upstreamRegistry, { upstreams })
 * await app.register(routing, { routes })
 * await app.register(balancing)
 * await app.register(forwarding)
 * ```
 */
export default fp(forwarding, {
  fastify: '5.x',
  name: 'forwarding',
  dependencies: ['problem-details', 'request-record', 'upstream-registry', 'routing', 'balancing']
})
