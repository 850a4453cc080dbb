import helmet, { type FastifyHelmetOptions } from '@fastify/helmet'
import Fastify from 'fastify'
import type { RouteConfig, SecurityHeadersConfig } from '../config/types.ts'

/** Header fields by name, in lower case. */
export type Fields = Readonly<Record<string, string>>

/**
 * What @fastify/helmet sets on the responses of the routes that have `securityHeaders`. It is the same for every
 * request, so it is asked once for each configuration, by a request to an app of its own, and not by the gateway's.
 *
 * @throws Error for a content security policy that helmet refuses.
 */
export async function securityHeaders(routes: readonly RouteConfig[]): Promise<Map<RouteConfig, Fields>> {
  const fields = new Map<RouteConfig, Fields>()
  const known = new Map<string, Fields>()
  for (const route of routes) {
    if (!route.securityHeaders) continue
    const key = JSON.stringify(route.securityHeaders)
    let asked = known.get(key)
    if (!asked) known.set(key, (asked = await askHelmet(helmetOptions(route.securityHeaders))))
    fields.set(route, asked)
  }
  return fields
}

async function askHelmet(options: FastifyHelmetOptions): Promise<Fields> {
  const app = Fastify()
  let fields: Fields | undefined
  let failure: Error | undefined
  await app.register(helmet, options)
  app.get('/', async (_request, reply) => {
    // What is on the raw response by now nobody but helmet has set.
    const set = Object.entries(reply.raw.getHeaders())
    fields = Object.fromEntries(set.map(([name, value]) => [name, String(value)]))
    return ''
  })
  app.addHook('onError', async (_request, _reply, error) => {
    failure = error
  })
  await app.inject('/')
  await app.close()
  if (!fields) throw failure ?? new Error('@fastify/helmet did not let a request through')
  return fields
}

/** The same in helmet's words; what is absent stays helmet's default. */
function helmetOptions(config: SecurityHeadersConfig): FastifyHelmetOptions {
  const { contentSecurityPolicy: csp, strictTransportSecurity: transport, frameOptions } = config
  const policy = (value: string | false | undefined) =>
    value === undefined ? undefined : value && { policy: value }
  const options = {
    contentSecurityPolicy: csp && { directives: mutable(csp) },
    strictTransportSecurity: transport && { ...transport, maxAge: Math.floor(transport.maxAge / 1000) },
    xFrameOptions: frameOptions === undefined ? undefined : frameOptions && { action: frameOptions },
    referrerPolicy: policy(config.referrerPolicy),
    crossOriginOpenerPolicy: policy(config.crossOriginOpenerPolicy),
    crossOriginResourcePolicy: policy(config.crossOriginResourcePolicy),
    crossOriginEmbedderPolicy: policy(config.crossOriginEmbedderPolicy)
  }
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}

function mutable(directives: Readonly<Record<string, readonly string[]>>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(directives).map(([name, sources]) => [name, [...sources]]))
}
