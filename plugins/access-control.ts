import { callbackify } from 'node:util'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { AccessRule, type Identification } from '../src/access/access-rule.ts'
import { ApiKeySet } from '../src/access/api-keys.ts'
import type { JwksSource } from '../src/access/jwks-source.ts'
import type { JwtVerifier } from '../src/access/jwt-verifier.ts'
import { addressBlocks } from '../src/address-blocks.ts'
import type { AuthConfig, JwtConfig, RouteConfig } from '../src/config/types.ts'
import { ProblemError } from '../src/problem.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /**
     * Finds out who calls, once: `record.consumer` says it, or `record.denial` why the request is refused. For who must
     * know before the request comes to be refused.
     */
    identify(request: FastifyRequest): void | Promise<void>
  }
}

/** Whom to ask for what. */
export interface AccessControlOptions {
  /** What routes name in their `access`; absent = they name nothing. */
  readonly auth?: AuthConfig | undefined
  /** Where keys of issuers come from; by default the app fetches them itself. */
  readonly jwks?: JwksSource
  /** Addresses and CIDR blocks whose X-Forwarded-For is believed. */
  readonly trustProxy?: readonly string[]
}

async function accessControl(app: FastifyInstance, options: AccessControlOptions): Promise<void> {
  const rules = await rulesOf(app, options)

  app.decorate('identify', (request: FastifyRequest): void | Promise<void> => {
    const { record } = request
    const route = record.found?.match.route
    const rule = route && rules.get(route)
    if (!rule?.isAsking || record.consumer !== undefined || record.denial) return
    const known = rule.identify(request.raw)
    if (known instanceof Promise) return known.then((later) => settle(request, later))
    settle(request, known)
  })
  app.addHook('onRequest', (request, _reply, done) => {
    const { found } = request.record
    done(found && rules.get(found.match.route)?.checkAddress(request.raw))
  })
  app.addHook('preParsing', (request, _reply, _payload, done) => {
    const asked = app.identify(request)
    if (asked) waitFor(asked, (error) => done(error ?? request.record.denial))
    else done(request.record.denial)
  })
}

/** A hook that is asynchronous for every request would cost those without tokens too. */
const waitFor = callbackify(async (asked: Promise<void>) => await asked)

async function rulesOf(
  app: FastifyInstance,
  options: AccessControlOptions
): Promise<ReadonlyMap<RouteConfig, AccessRule>> {
  const { auth, trustProxy = [] } = options
  const trusted = addressBlocks(trustProxy)
  const keySets = new Map(auth?.apiKeys.map((set) => [set.name, new ApiKeySet(set)]))
  const verifiers = await verifiersOf(app, auth, options.jwks)
  const rules = new Map<RouteConfig, AccessRule>()
  for (const route of app.routeTable.routes) {
    const { access } = route
    if (!access) continue
    rules.set(
      route,
      new AccessRule(access, {
        apiKeys: named(keySets, 'apiKeys', access.apiKeys),
        apiKeyHeader: auth?.apiKeyHeader ?? '',
        jwt: named(verifiers, 'jwt', access.jwt),
        trusted
      })
    )
  }
  return rules
}

/** @throws Error when there is none of this name: a route must not be open because what guards it is missing. */
function named<T>(known: ReadonlyMap<string, T>, kind: string, name: string | undefined): T | undefined {
  if (name === undefined) return undefined
  const found = known.get(name)
  if (found === undefined) throw new Error(`a route names the unknown auth.${kind} "${name}"`)
  return found
}

async function verifiersOf(
  app: FastifyInstance,
  auth: AuthConfig | undefined,
  jwks: JwksSource | undefined
): Promise<ReadonlyMap<string, JwtVerifier>> {
  const issuers = auth?.jwt ?? []
  if (issuers.length === 0) return new Map()
  const { JwtVerifier } = await import('../src/access/jwt-verifier.ts')
  const source = jwks ?? (await keeperOf(app, issuers))
  return new Map(issuers.map((issuer) => [issuer.name, new JwtVerifier(issuer, source)]))
}

async function keeperOf(app: FastifyInstance, issuers: readonly JwtConfig[]): Promise<JwksSource> {
  const { JwksKeeper } = await import('../src/access/jwks-keeper.ts')
  const keeper = new JwksKeeper({ log: app.log })
  keeper.follow(issuers.map(({ jwks }) => jwks))
  app.addHook('onClose', () => keeper.stop())
  return keeper
}

function settle({ record }: FastifyRequest, known: Identification): void {
  if (known instanceof ProblemError) record.denial = known
  else if (known) {
    record.consumer = known.name
    record.consumerAuth = known.auth
  }
}

/**
 * Lets through who may use a route: by address at once, by what clients prove after the rate limits, so that guessing is
 * limited as well, and before anything reads a body.
 *
 * @example
 * ```ts
 * const { auth, routes } = await resolveDefinition({
 *   auth: { apiKeys: { partners: [{ name: 'acme', hash }] } },
 *   upstreams: { orders: { backends: ['http://10.0.0.21:3001'] } },
 *   routes: [{ path: '/api/orders', upstream: 'orders', access: { apiKeys: 'partners' } }]
 * })
 * await app.register(routing, { routes })
 * await app.register(accessControl, { auth })
 * ```
 */
export default fp(accessControl, {
  fastify: '5.x',
  name: 'access-control',
  dependencies: ['problem-details', 'request-record', 'routing']
})
