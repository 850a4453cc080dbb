import { callbackify } from 'node:util'
import rateLimit, { type FastifyRateLimitStoreCtor } from '@fastify/rate-limit'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { addressBlocks, plainAddress } from '../src/address-blocks.ts'
import { clientAddress } from '../src/client-address.ts'
import type { RateLimitConfig, RouteConfig } from '../src/config/types.ts'
import { networkOf, limitKeyReader } from '../src/limit-key.ts'
import { GcraStore, type GcraStoreOptions } from '../src/limits/gcra-store.ts'
import { limitId, localLimiters, type MakeLimiter } from '../src/limits/limit-tables.ts'
import { policyItem, stateItem } from '../src/limits/rate-limit-fields.ts'
import { ProblemError } from '../src/problem.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /**
     * Counts what an address sent that never became a request against the gateway's limits that go by address; it can
     * be refused only what it sends next.
     */
    chargeAddress(address: string | undefined): void
  }
}

/** What to limit, and who decides. */
export interface RateLimitingOptions {
  /** Limits of the whole app; those of routes stand in `app.routeTable`. */
  readonly limits?: readonly RateLimitConfig[]
  /** Makes the limiter of a limit; by default one that holds over this app alone. */
  readonly limiterOf?: MakeLimiter
  /** Addresses and CIDR blocks whose X-Forwarded-For is believed. */
  readonly trustProxy?: readonly string[]
}

/** One limit as it applies to some requests. */
interface Applied extends GcraStoreOptions {
  readonly limit: RateLimitConfig
  readonly check: ReturnType<FastifyInstance['createRateLimit']>
  /** Its item of RateLimit-Policy. */
  readonly policy: string
}

/** What one limit says of a request. */
type CheckResult = Awaited<ReturnType<Applied['check']>>

/** All limits of a request, in their order. */
interface Stack {
  readonly limits: readonly Applied[]
  /** Whether one of them goes by who calls. */
  readonly isAsking: boolean
  /** RateLimit-Policy where none of them is left out. */
  readonly policy: string
}

async function rateLimiting(app: FastifyInstance, options: RateLimitingOptions): Promise<void> {
  const { limits = [], limiterOf = localLimiters(), trustProxy = [] } = options
  const trusted = addressBlocks(trustProxy)
  const createCheck = await loadRateLimit(app)

  const apply = (limit: RateLimitConfig, store: GcraStoreOptions): Applied => {
    const allowed = addressBlocks(limit.allow)
    const keyOf = limitKeyReader(limit.key, trusted)
    const check = createCheck({
      ...store,
      max: limit.burst,
      timeWindow: limit.per,
      keyGenerator: ({ raw, record }) => keyOf(raw, identityOf(record)),
      ...(limit.allow.length > 0 && { allowList: ({ raw }) => allowed.has(clientAddress(raw, trusted)) })
    })
    return { limit, check, policy: policyItem(limit), ...store }
  }
  const ofGateway = limits.map((limit) => ({ limit, limiter: limiterOf(limitId(undefined, limit), limit) }))
  const stackOf = ({
    name,
    cost = 1,
    rateLimit = []
  }: Pick<RouteConfig, 'name' | 'cost' | 'rateLimit'>): Stack =>
    stack([
      ...ofGateway.map(({ limit, limiter }) => apply(limit, { limiter, cost: limit.cost * cost })),
      ...rateLimit.map((limit) =>
        apply(limit, { limiter: limiterOf(limitId(name, limit), limit), cost: limit.cost })
      )
    ])

  const elsewhere = stackOf({ name: '' })
  const stacks = new Map<RouteConfig, Stack>()
  for (const route of app.routeTable.routes) {
    const hasOwn = route.rateLimit !== undefined || route.cost !== undefined
    stacks.set(route, hasOwn ? stackOf(route) : elsewhere)
  }

  app.addHook('onRequest', (request, reply, done) => {
    const { found } = request.record
    const applied = found ? stacks.get(found.match.route)! : elsewhere
    if (applied.limits.length === 0) done()
    else if (applied.isAsking) askFirst(app, applied, request, reply, done)
    else limitInTurn(applied, request, reply, done)
  })

  const byAddress = ofGateway
    .filter(({ limit: { key } }) => key.length === 1 && key[0]!.from === 'ip')
    .map((each) => ({ ...each, allowed: addressBlocks(each.limit.allow) }))
  app.decorate('chargeAddress', (address: string | undefined) => {
    // A proxy is not charged with what its clients send: they would have its own requests refused, its probes first.
    if (trusted.has(address)) return
    const network = networkOf(plainAddress(address))
    for (const { limit, limiter, allowed } of byAddress) {
      if (!allowed.has(address)) void limiter.take(network, limit.cost)
    }
  })
}

/** Who calls, and who says so: whom one issuer calls `acme` must not use up what another's `acme` may. */
function identityOf({ consumer, consumerAuth }: FastifyRequest['record']): string | undefined {
  return consumer === undefined ? undefined : `${consumerAuth} ${consumer}`
}

/** In a scope of its own: the app's routes are none of its affair, and it is none of theirs. */
async function loadRateLimit(app: FastifyInstance): Promise<FastifyInstance['createRateLimit']> {
  if (app.hasDecorator('createRateLimit')) {
    // It would quietly go on with the store that it has.
    throw new Error('rate-limiting has @fastify/rate-limit for itself: register it before yours')
  }
  const { promise, resolve } = Promise.withResolvers<FastifyInstance['createRateLimit']>()
  await app.register(async (scope) => {
    // Its types want the options of a route; what a store is really given are those of `createRateLimit`.
    await scope.register(rateLimit, {
      global: false,
      store: GcraStore as unknown as FastifyRateLimitStoreCtor
    })
    resolve((options) => scope.createRateLimit(options))
  })
  return await promise
}

function stack(limits: readonly Applied[]): Stack {
  const told = limits.filter(({ limit }) => !limit.dryRun)
  const isAsking = limits.some(({ limit: { key } }) => key.some(({ from }) => from === 'consumer'))
  return { limits, isAsking, policy: told.map(({ policy }) => policy).join(', ') }
}

/** @throws ProblemError for a request that is not let through. */
async function limitRequest(
  { limits, policy }: Stack,
  request: FastifyRequest,
  reply: FastifyReply
): Promise<void> {
  // All at once: where a store far away decides, its answers are waited for together.
  const verdicts =
    limits.length === 1
      ? [await limits[0]!.check(request)]
      : await Promise.all(limits.map(({ check }) => check(request)))
  let policies = ''
  let states = ''
  let isComplete = true
  // Of the limits that refuse it, the longest.
  let wait: number | undefined
  for (let place = 0; place < limits.length; place++) {
    const { limit, policy: own } = limits[place]!
    const verdict = verdicts[place]!
    if (verdict.isAllowed) {
      // It is not for this client.
      if (!limit.dryRun) isComplete = false
      continue
    }
    if (limit.dryRun) {
      if (verdict.isExceeded) request.record.dryRunLimit ??= limit.name
      continue
    }
    policies += (policies && ', ') + own
    states += (states && ', ') + stateItem(limit.name, verdict.remaining, verdict.ttl)
    if (verdict.isExceeded) {
      request.record.limit ??= limit.name
      wait = Math.max(wait ?? 0, verdict.ttl)
    }
  }
  if (states !== '') setFields(reply, isComplete ? policy : policies, states)
  if (wait === undefined) return
  refund(limits, verdicts)
  throw tooMany(wait)
}

/** Gives back what the limits took that would have let the request through. */
function refund(limits: readonly Applied[], verdicts: readonly CheckResult[]): void {
  for (const [place, verdict] of verdicts.entries()) {
    const { limiter, cost } = limits[place]!
    if (!verdict.isAllowed && !verdict.isExceeded) limiter.refund(verdict.key, cost)
  }
}

/** A hook that is asynchronous for every request would cost those without limits too. */
const limitInTurn = callbackify(limitRequest)

/** The same where limits go by who calls. */
const askFirst = callbackify(
  async (app: FastifyInstance, applied: Stack, request: FastifyRequest, reply: FastifyReply) => {
    await app.identify?.(request)
    await limitRequest(applied, request, reply)
  }
)

function setFields(reply: FastifyReply, policy: string, state: string): void {
  void reply.header('ratelimit-policy', policy).header('ratelimit', state)
}

/** @param wait - Milliseconds until the next try is worth it. */
function tooMany(wait: number): ProblemError {
  const seconds = Math.max(1, Math.ceil(wait / 1000))
  return new ProblemError(429, 'rate_limited', 'Too many requests: please try again later.', {
    'retry-after': String(seconds)
  })
}

/**
 * Limits what clients may ask for, before anything reads a body: by the limits of the whole app, which count whatever
 * comes in, and by those of the route. All must let a request through; else what was taken is given back.
 * @fastify/rate-limit does the checking, over a store of ours that knows GCRA.
 *
 * @example
 * ```ts
 * const { rateLimit, routes } = await resolveDefinition({ rateLimit: { limit: 100, per: '1s' } })
 * await app.register(rateLimiting, { limits: rateLimit })
 * ```
 */
export default fp(rateLimiting, {
  fastify: '5.x',
  name: 'rate-limiting',
  dependencies: ['problem-details', 'request-record', 'routing']
})
