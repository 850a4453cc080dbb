import type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { plainAddress } from '../address-blocks.ts'
import { isLoopback } from '../config/admin.ts'
import type { AdminConfig, AdminToken, RateLimitConfig } from '../config/types.ts'
import { networkOf } from '../limit-key.ts'
import { localLimiter } from '../limits/limit-tables.ts'
import { ProblemError } from '../problem.ts'
import type { EventLog } from '../telemetry/events.ts'
import { requestIdentity } from '../telemetry/trace-of.ts'
import { foreignReason } from './same-origin.ts'
import { Tokens } from './tokens.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Name of the token that it came with; null where none is asked for. */
    operator: string | null
  }
  interface FastifyContextConfig {
    /** Whether a route of the admin API asks for no token: it holds no data. */
    isOpen?: boolean
  }
}

/** What {@link guard} goes by; it may change while it runs. */
export interface GuardOptions {
  readonly admin: () => AdminConfig
  /** Where a reload is told of. */
  readonly events: EventLog
  readonly log: FastifyBaseLogger
}

/** Wrong tokens of one address: 10 at once, then one in 6 seconds. */
const TRIES: RateLimitConfig = {
  name: 'admin-tries',
  limit: 10,
  per: 60_000,
  burst: 10,
  key: [{ from: 'ip' }],
  cost: 1,
  dryRun: false,
  allow: [],
  maxKeys: 10_000
}

/** RFC 6750 section 2.1. */
const BEARER = /^bearer +([\x21-\x7e]+) *$/i

/**
 * Lets through who may use the admin API, before anything of a body is read: who has a token, where there are any; else
 * whoever is on this machine, but no page of somebody else's in a browser there.
 */
export function guard(app: FastifyInstance, { admin, events, log }: GuardOptions): void {
  const tries = localLimiter(TRIES)
  /** Addresses whose tries were too many the last time. */
  const locked = new Set<string>()
  let known: { readonly of: readonly AdminToken[]; readonly tokens: Tokens } | undefined
  const tokensOf = (of: readonly AdminToken[]): Tokens => {
    if (known?.of !== of) known = { of, tokens: new Tokens(of) }
    return known.tokens
  }

  const check = (request: FastifyRequest, tokens: Tokens): ProblemError | undefined => {
    const { authorization } = request.headers
    if (authorization === undefined) return unauthorized('token_missing')
    const address = plainAddress(request.raw.socket.remoteAddress)
    const network = networkOf(address)
    const { isAdmitted, remaining, retryAfter } = tries.take(network, 1)
    // Nothing was owed any more: what comes to be too much now is news again.
    if (remaining === TRIES.burst - 1) locked.delete(network)
    if (!isAdmitted) {
      if (!locked.has(network))
        log.warn({ address, ...requestIdentity(request) }, 'too many wrong tokens: this address has to wait')
      locked.add(network)
      if (locked.size > TRIES.maxKeys) locked.clear()
      return tooManyTries(retryAfter)
    }
    const name = tokens.nameOf(tokenOf(authorization))
    if (name === undefined) {
      log.warn({ address, ...requestIdentity(request) }, 'a wrong token for the admin API')
      return unauthorized('token_invalid')
    }
    tries.refund(network, 1)
    locked.delete(network)
    request.operator = name
    return undefined
  }

  /** Those that were let through and are not over: a stream of events may outlive the token that it was opened with. */
  const underWay = new Map<FastifyReply, FastifyRequest>()
  const follow = (request: FastifyRequest, reply: FastifyReply): void => {
    underWay.set(reply, request)
    reply.raw.once('close', () => underWay.delete(reply))
  }
  const mayStay = (request: FastifyRequest): boolean => {
    const { tokens: given, host } = admin()
    const tokens = tokensOf(given)
    if (tokens.isEmpty) return foreign(request, host) === undefined
    return tokens.nameOf(tokenOf(request.headers.authorization)) !== undefined
  }
  const review = ({ type }: { readonly type: string }): void => {
    if (type !== 'reload') return
    for (const [{ raw }, request] of underWay) {
      // Answers that have not begun, that to a reload among them, are over soon.
      if (raw.headersSent && !mayStay(request)) raw.destroy()
    }
  }
  events.on('event', review)
  app.addHook('onClose', async () => void events.off('event', review))

  app.decorateRequest('operator', null)
  app.addHook('onRequest', (request, reply, done) => {
    const { tokens: given, host } = admin()
    const tokens = tokensOf(given)
    if (request.routeOptions.config.isOpen) {
      done()
      return
    }
    if (!tokens.isEmpty) {
      const refusal = check(request, tokens)
      if (!refusal) follow(request, reply)
      done(refusal)
      return
    }
    const refusal = foreign(request, host)
    if (!refusal) follow(request, reply)
    done(refusal)
  })
}

/** What a request says its token is; a text that none is when it names none. */
function tokenOf(authorization = ''): string {
  return BEARER.exec(authorization)?.[1] ?? ''
}

/** Where no token is asked for, why a request is none of this machine's own. */
function foreign({ headers, raw }: FastifyRequest, host: string): ProblemError | undefined {
  // The listener may be another's: amid a reload it listens where tokens will be asked for, and a connection of before
  // one may still be there.
  if (!isLoopback(plainAddress(raw.socket.remoteAddress))) {
    return new ProblemError(
      403,
      'address_foreign',
      'Without a token the admin API is for this machine alone.'
    )
  }
  const reason = foreignReason(headers, host)
  return reason && new ProblemError(403, reason, 'Pages of other sites may not use the admin API.')
}

function unauthorized(reason: 'token_missing' | 'token_invalid'): ProblemError {
  const isMissing = reason === 'token_missing'
  const detail = isMissing ? 'The admin API asks for a token.' : 'The token is not valid.'
  const challenge = `Bearer realm="xecureapi"${isMissing ? '' : ', error="invalid_token"'}`
  return new ProblemError(401, reason, detail, { 'www-authenticate': challenge })
}

function tooManyTries(wait: number): ProblemError {
  const detail = 'There were too many wrong tokens from this address: please try again later.'
  return new ProblemError(429, 'too_many_tries', detail, {
    'retry-after': String(Math.max(1, Math.ceil(wait / 1000)))
  })
}
