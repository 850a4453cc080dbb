import fastifyCors, { type FastifyCorsOptions } from '@fastify/cors'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { CorsConfig, RouteConfig } from '../config/types.ts'
import { originPattern } from './origins.ts'

/** A hook of Fastify that calls back. */
export type CorsHook = (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => void

/** What sets the CORS fields of the responses of a route (Fetch standard, section 3.3). */
export interface CorsHooks {
  /** Of the answer to a preflight, which is still to be sent. */
  readonly preflight: CorsHook
  /** Of any other response, whoever answers. */
  readonly response: CorsHook
}

/** The methods that pages may use where neither `cors` nor the route names any. */
const USUAL_METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']

/** The hooks of all routes that have `cors`; those that say the same share theirs. */
export function corsHooks(routes: readonly RouteConfig[]): Map<RouteConfig, CorsHooks> {
  const known = new Map<string, CorsHooks>()
  const hooks = new Map<RouteConfig, CorsHooks>()
  for (const route of routes) {
    if (!route.cors) continue
    const cors = { ...route.cors, methods: route.cors.methods ?? route.methods ?? USUAL_METHODS }
    const key = JSON.stringify(cors)
    let made = known.get(key)
    if (!made) {
      const options = pluginOptions(cors)
      made = {
        // The plugin would give its 204 a Content-Length, which RFC 9110 section 8.6 forbids.
        preflight: hookOf({ ...options, preflightContinue: true }),
        response: hookOf({ ...options, preflight: false })
      }
      known.set(key, made)
    }
    hooks.set(route, made)
  }
  return hooks
}

function pluginOptions(cors: CorsConfig & { readonly methods: readonly string[] }): FastifyCorsOptions {
  const { origins, methods, allowedHeaders, exposedHeaders, credentials, maxAge } = cors
  return {
    origin: origins.includes('*') ? '*' : originPattern(origins),
    methods: [...methods],
    ...(allowedHeaders && { allowedHeaders: [...allowedHeaders] }),
    ...(exposedHeaders.length > 0 && { exposedHeaders: [...exposedHeaders] }),
    credentials,
    maxAge: Math.floor(maxAge / 1000)
  }
}

/**
 * The hook that @fastify/cors adds to an app. The plugin serves an app as a whole: registered, it would run for all
 * routes, and say `Vary: Origin` where nobody asked for CORS. So it is given something to register with that keeps the
 * hook.
 *
 * @throws Error when the plugin does not add the one hook that it should.
 */
function hookOf(options: FastifyCorsOptions): CorsHook {
  const added: CorsHook[] = []
  const recorder = {
    decorateRequest: () => recorder,
    options: () => recorder,
    addHook: (name: string, hook: CorsHook) => {
      if (name === 'onRequest') added.push(hook)
      return recorder
    }
  }
  let failure: Error | undefined
  fastifyCors(recorder as unknown as FastifyInstance, options, (error) => {
    failure = error
  })
  const [hook] = added
  if (failure || !hook || added.length > 1) throw failure ?? new Error('@fastify/cors did not add its hook')
  return hook
}
