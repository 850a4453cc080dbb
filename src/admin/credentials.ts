import type { FastifyBaseLogger, FastifyRequest } from 'fastify'
import { plainAddress } from '../address-blocks.ts'
import { isLoopback } from '../config/admin.ts'
import type { AdminConfig, AdminToken } from '../config/types.ts'
import { ProblemError } from '../problem.ts'
import { requestIdentity } from '../telemetry/trace-of.ts'
import { foreignPage, foreignReason } from './same-origin.ts'
import { secretsOf } from './session-cookie.ts'
import { type Session, Sessions } from './sessions.ts'
import { digestOf, Tokens } from './tokens.ts'
import { Tries } from './tries.ts'

/** What {@link Credentials} goes by; it may change while it runs. */
export interface CredentialsOptions {
  readonly admin: () => AdminConfig
  readonly log: FastifyBaseLogger
  /** How long a session lasts, in milliseconds; by default {@link SESSION_LIFE}. */
  readonly sessionLife?: number
}

/** How long a session of the dashboard lasts: a working day, in milliseconds. */
export const SESSION_LIFE = 8 * 3_600_000

/** Sessions at once. */
const MAX_SESSIONS = 100

/** RFC 6750 section 2.1. */
const BEARER = /^bearer +([\x21-\x7e]+) *$/i

/** Requests that change nothing (RFC 9110 section 9.2.1). */
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Somebody whom a request may come from. */
export interface Operator {
  /** Name of the token; null where none is asked for. */
  readonly name: string | null
  /** What the request came with instead of the token. */
  readonly session?: Session
}

/** Knows who asks: by a token, by a session that was opened with one, or, where there are none, by being on this machine. */
export class Credentials {
  readonly #options: CredentialsOptions
  readonly #tries: Tries
  readonly #sessions: Sessions
  #known: { readonly of: readonly AdminToken[]; readonly tokens: Tokens } | undefined
  #onEnd: () => void = () => {}

  constructor(options: CredentialsOptions) {
    this.#options = options
    this.#tries = new Tries(options.log)
    const { sessionLife: life = SESSION_LIFE } = options
    this.#sessions = new Sessions({ life, most: MAX_SESSIONS, onEnd: () => this.#onEnd() })
  }

  /** Whether a token is asked for. */
  get areNeeded(): boolean {
    return !this.#tokens.isEmpty
  }

  /** @param listener - Called when somebody who was let in may not be any more. */
  onEnd(listener: () => void): void {
    this.#onEnd = listener
  }

  /** Who asks. @throws {ProblemError} when nobody who may. */
  operatorOf(request: FastifyRequest): Operator {
    const tokens = this.#tokens
    if (tokens.isEmpty) {
      const refusal = foreign(request, this.#options.admin().host)
      if (refusal) throw refusal
      return { name: null }
    }
    const { authorization } = request.headers
    if (authorization !== undefined) return { name: this.#try(request, tokenOf(authorization)) }
    return this.#ofSession(request, tokens)
  }

  /** Whether who was let in still is: tokens may have gone, and sessions end. */
  mayStay(request: FastifyRequest): boolean {
    const tokens = this.#tokens
    if (tokens.isEmpty) return foreign(request, this.#options.admin().host) === undefined
    const { authorization } = request.headers
    if (authorization !== undefined) return tokens.nameOf(tokenOf(authorization)) !== undefined
    return this.#findSession(request, tokens) !== undefined
  }

  /**
   * Opens a session.
   *
   * @throws {ProblemError} when the token is wrong, or the page that asks is another site's.
   */
  logIn(request: FastifyRequest, token: string): { readonly secret: string; readonly operator: Operator } {
    this.#refuseOtherPages(request, false)
    if (!this.areNeeded)
      throw new ProblemError(409, 'no_tokens', 'Nobody needs to log in here: there are no tokens.')
    const name = this.#try(request, token)
    // One at a time: whatever this browser had before is over.
    this.logOut(request)
    const { secret, session } = this.#sessions.open(digestOf(token))
    return { secret, operator: { name, session } }
  }

  /** Ends the session that a request came with. */
  logOut(request: FastifyRequest): void {
    for (const secret of secretsOf(request)) this.#sessions.close(secret)
    this.#onEnd()
  }

  /** Ends the sessions whose token is gone. */
  review(): void {
    const tokens = this.#tokens
    this.#sessions.retain((digest) => tokens.nameOfDigest(digest) !== undefined)
  }

  /** Ends all sessions. */
  close(): void {
    this.#sessions.clear()
  }

  get #tokens(): Tokens {
    const { tokens: of } = this.#options.admin()
    if (this.#known?.of !== of) this.#known = { of, tokens: new Tokens(of) }
    return this.#known.tokens
  }

  /** Whose token it is; wrong ones count. */
  #try(request: FastifyRequest, token: string): string {
    const address = plainAddress(request.raw.socket.remoteAddress)
    const refusal = this.#tries.take(address, requestIdentity(request))
    if (refusal) throw refusal
    const name = this.#tokens.nameOf(token)
    if (name === undefined) {
      this.#options.log.warn({ address, ...requestIdentity(request) }, 'a wrong token for the admin API')
      throw unauthorized('token_invalid')
    }
    this.#tries.refund(address)
    return name
  }

  #ofSession(request: FastifyRequest, tokens: Tokens): Operator {
    if (secretsOf(request).length === 0) throw unauthorized('token_missing')
    const operator = this.#findSession(request, tokens)
    // A secret is none that could be guessed, so this is no try: a gateway that has started anew knows none of them.
    if (!operator) throw unauthorized('session_over')
    this.#refuseOtherPages(request, !SAFE.has(request.method))
    return operator
  }

  #findSession(request: FastifyRequest, tokens: Tokens): Operator | undefined {
    for (const secret of secretsOf(request)) {
      const session = this.#sessions.find(secret)
      const name = session && tokens.nameOfDigest(session.token)
      if (session && name !== undefined) return { name, session }
    }
    return undefined
  }

  /** A cookie comes by itself with whatever any page asks for. @param mustTell - Whether who says no origin is refused. */
  #refuseOtherPages(request: FastifyRequest, mustTell: boolean): void {
    const isSilent = mustTell && request.headers.origin === undefined
    const reason = isSilent ? 'origin_missing' : foreignPage(request.headers)
    if (reason) throw new ProblemError(403, reason, 'Pages of other sites may not use the admin API.')
  }
}

/** What a request says its token is; a text that none is when it names none. */
function tokenOf(authorization: string): string {
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

function unauthorized(reason: 'token_missing' | 'token_invalid' | 'session_over'): ProblemError {
  const isMissing = reason === 'token_missing'
  const detail = {
    token_missing: 'The admin API asks for a token.',
    token_invalid: 'The token is not valid.',
    session_over: 'The session is over: please log in again.'
  }[reason]
  const challenge = `Bearer realm="xecureapi"${isMissing ? '' : ', error="invalid_token"'}`
  return new ProblemError(401, reason, detail, { 'www-authenticate': challenge })
}
