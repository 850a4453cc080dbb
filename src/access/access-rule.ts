import type { IncomingMessage } from 'node:http'
import { type AddressBlocks, addressBlocks } from '../address-blocks.ts'
import { clientAddress } from '../client-address.ts'
import type { AccessConfig } from '../config/types.ts'
import { ProblemError } from '../problem.ts'
import type { ApiKeySet } from './api-keys.ts'
import { challengeOf, credentialProblem } from './credential-problem.ts'
import type { JwtVerifier } from './jwt-verifier.ts'

/** Who calls, and how that was proven. */
export interface Consumer {
  readonly name: string
  /** `apiKeys:` or `jwt:` and the name that `auth` has for it. */
  readonly auth: string
}

/** Who calls; undefined where nobody asks; or the answer to a client that may not. */
export type Identification = Consumer | undefined | ProblemError

/** What a rule checks credentials with. */
export interface CredentialChecks {
  readonly apiKeys?: ApiKeySet | undefined
  /** In lower case. */
  readonly apiKeyHeader: string
  readonly jwt?: JwtVerifier | undefined
  /** Whose X-Forwarded-For is believed. */
  readonly trusted: AddressBlocks
}

/** Who may use one route: first by address, then by what clients prove. */
export class AccessRule {
  readonly #access: AccessConfig
  readonly #checks: CredentialChecks
  readonly #allow: AddressBlocks | undefined
  readonly #deny: AddressBlocks | undefined
  readonly #challenge: string

  constructor(access: AccessConfig, checks: CredentialChecks) {
    this.#access = access
    this.#checks = checks
    this.#allow = access.allow.length > 0 ? addressBlocks(access.allow) : undefined
    this.#deny = access.deny.length > 0 ? addressBlocks(access.deny) : undefined
    this.#challenge = challengeOf(access)
  }

  /** Whether it asks who calls. */
  get isAsking(): boolean {
    return this.#checks.apiKeys !== undefined || this.#checks.jwt !== undefined
  }

  /** @returns The answer to a client whose address may not. */
  checkAddress(request: IncomingMessage): ProblemError | undefined {
    if (!this.#allow && !this.#deny) return undefined
    const address = clientAddress(request, this.#checks.trusted)
    // An address that can't be told is in no block, so where only some may, it may not.
    if (!this.#deny?.has(address) && (this.#allow?.has(address) ?? true)) return undefined
    return new ProblemError(403, 'address_denied', 'Clients of this address may not use it.')
  }

  /** Asks who calls; what a key says is known at once. */
  identify(request: IncomingMessage): Identification | Promise<Identification> {
    const { apiKeys, jwt } = this.#checks
    if (!apiKeys) return jwt ? this.#byToken(request, jwt) : undefined
    const byKey = this.#byKey(request, apiKeys)
    if (!jwt) return byKey
    const isKnown = !(byKey instanceof ProblemError)
    // With `any` one is enough; with `all` the token still has to say yes, and then it says more: who the person is.
    if (isKnown === (this.#access.satisfy === 'any')) return byKey
    const byToken = this.#byToken(request, jwt)
    return isKnown ? byToken : this.#either(byKey, byToken, request)
  }

  #byKey(request: IncomingMessage, apiKeys: ApiKeySet): Consumer | ProblemError {
    const key = request.headers[this.#checks.apiKeyHeader]
    if (key === undefined) return credentialProblem('credentials_missing', this.#challenge)
    const name = apiKeys.consumerOf(String(key))
    if (name === undefined) return credentialProblem('api_key_invalid', this.#challenge)
    return { name, auth: `apiKeys:${this.#access.apiKeys}` }
  }

  #byToken(request: IncomingMessage, jwt: JwtVerifier): Identification | Promise<Identification> {
    const credentials = bearerOf(request)
    if ('refusal' in credentials) return credentialProblem(credentials.refusal, this.#challenge)
    const verdict = jwt.verify(credentials.token)
    return verdict instanceof Promise ? verdict.then((known) => this.#judge(known)) : this.#judge(verdict)
  }

  #judge(verdict: Awaited<ReturnType<JwtVerifier['verify']>>): Consumer | ProblemError {
    if ('refusal' in verdict) return credentialProblem(verdict.refusal, this.#challenge)
    return { name: verdict.consumer, auth: `jwt:${this.#access.jwt}` }
  }

  /** Of two that were refused, what was tried is told of. */
  async #either(
    byKey: Identification,
    byToken: Identification | Promise<Identification>,
    { headers }: IncomingMessage
  ): Promise<Identification> {
    const token = await byToken
    const hasTriedKeyOnly = headers.authorization === undefined && token instanceof ProblemError
    return hasTriedKeyOnly ? byKey : token
  }
}

/** RFC 6750 section 2.1. */
const BEARER = /^bearer +([\w\-.~+/]+=*) *$/i

/** The token of a request's one Authorization. */
function bearerOf({
  headers,
  rawHeaders
}: IncomingMessage): { readonly token: string } | { readonly refusal: string } {
  const { authorization } = headers
  if (authorization === undefined) return { refusal: 'credentials_missing' }
  // Node keeps the first of several; a backend may read another one than was looked at here.
  if (countOf('authorization', rawHeaders) > 1) return { refusal: 'credentials_ambiguous' }
  const [, token] = BEARER.exec(authorization) ?? []
  return token === undefined ? { refusal: 'token_malformed' } : { token }
}

function countOf(name: string, rawHeaders: readonly string[]): number {
  let count = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (rawHeaders[index]!.length === name.length && rawHeaders[index]!.toLowerCase() === name) count++
  }
  return count
}
