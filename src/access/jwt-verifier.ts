import { isDeepStrictEqual } from 'node:util'
import { createLocalJWKSet, errors, type JWTPayload, type JWTVerifyOptions, jwtVerify } from 'jose'
import type { JwtConfig } from '../config/types.ts'
import type { JwksSnapshot, JwksSource } from './jwks-source.ts'
import { RememberedTokens } from './remembered-tokens.ts'

/** Who a token is of, or why it is refused, as data. */
export type JwtVerdict = { readonly consumer: string } | { readonly refusal: JwtRefusal }

/** Why a token is refused. */
export type JwtRefusal =
  | 'token_malformed'
  | 'token_too_large'
  | 'algorithm_not_allowed'
  | 'signature_invalid'
  | 'token_expired'
  | 'token_not_yet_valid'
  | 'issuer_mismatch'
  | 'audience_mismatch'
  | 'claim_missing'
  | 'claim_invalid'
  | 'key_unknown'
  | 'keys_unavailable'

/** The longest token that is looked at, in characters. */
const MAX_LENGTH = 8192
/** The longest name of a consumer, in characters. */
const MAX_NAME = 256

/** What may come of keys that are not the latest. */
const STALE: ReadonlySet<JwtRefusal> = new Set(['key_unknown', 'signature_invalid'])

type KeySet = ReturnType<typeof createLocalJWKSet>

/**
 * Verifies tokens of one issuer (RFC 7519, by the advice of RFC 8725): the algorithms are those of the configuration,
 * whatever the token says of itself; issuer, audience, expiry and the consumer's claim must be there and right. What a
 * token says of where its key is (`jku`, `x5u`, `jwk`) is not looked at.
 */
export class JwtVerifier {
  readonly #config: JwtConfig
  readonly #source: JwksSource
  readonly #now: () => number
  readonly #options: JWTVerifyOptions
  readonly #remembered = new RememberedTokens()
  #keys: JwksSnapshot['keys']
  #keySet: KeySet | undefined

  /** @param now - Milliseconds since the epoch. */
  constructor(config: JwtConfig, source: JwksSource, now: () => number = Date.now) {
    this.#config = config
    this.#source = source
    this.#now = now
    this.#options = {
      algorithms: [...config.algorithms],
      issuer: config.issuer,
      audience: [...config.audience],
      clockTolerance: config.clockSkew / 1000,
      requiredClaims: ['exp', config.consumerClaim]
    }
  }

  /** A token that was verified before is known at once. */
  verify(token: string): JwtVerdict | Promise<JwtVerdict> {
    if (token.length > MAX_LENGTH) return { refusal: 'token_too_large' }
    const keySet = this.#keySetOf(this.#source.current(this.#config.jwks))
    const known = keySet && this.#remembered.get(token, this.#now())
    return known === undefined ? this.#verify(token, keySet) : { consumer: known }
  }

  async #verify(token: string, known: KeySet | undefined): Promise<JwtVerdict> {
    let keySet = known
    if (!keySet && !this.#source.current(this.#config.jwks)) {
      keySet = this.#keySetOf(await this.#source.refreshed(this.#config.jwks))
    }
    if (!keySet) return { refusal: 'keys_unavailable' }
    const verdict = await this.#check(token, keySet)
    if (!('refusal' in verdict) || !STALE.has(verdict.refusal)) return verdict
    // The issuer may have another key since we asked it last, be it under the old name.
    const fresh = this.#keySetOf(await this.#source.refreshed(this.#config.jwks))
    return fresh ? await this.#check(token, fresh) : verdict
  }

  async #check(token: string, keySet: KeySet): Promise<JwtVerdict> {
    const options = { ...this.#options, currentDate: new Date(this.#now()) }
    try {
      const { payload } = await jwtVerify(token, keySet, options)
      return this.#accept(token, payload, keySet)
    } catch (error) {
      if (!(error instanceof errors.JWKSMultipleMatchingKeys)) return { refusal: refusalOf(error) }
      // It names none of several keys: whichever fits.
      for await (const key of error) {
        try {
          const { payload } = await jwtVerify(token, key, options)
          return this.#accept(token, payload, keySet)
        } catch (failure) {
          if (!(failure instanceof errors.JWSSignatureVerificationFailed))
            return { refusal: refusalOf(failure) }
        }
      }
      return { refusal: 'signature_invalid' }
    }
  }

  #accept(token: string, payload: JWTPayload, keySet: KeySet): JwtVerdict {
    const { consumerClaim, clockSkew } = this.#config
    const consumer = payload[consumerClaim]
    if (typeof consumer !== 'string' || consumer === '' || consumer.length > MAX_NAME) {
      return { refusal: 'claim_invalid' }
    }
    // Keys that have changed meanwhile may no longer have the one that it was signed with.
    if (keySet === this.#keySet) this.#remembered.add(token, consumer, payload.exp! * 1000 + clockSkew)
    return { consumer }
  }

  #keySetOf(snapshot: JwksSnapshot | undefined): KeySet | undefined {
    const { keys } = snapshot ?? {}
    if (!keys) return undefined
    if (keys !== this.#keys) {
      // The same ones come again with every look, and with every message as a copy: what was verified stays so.
      const isSame = isDeepStrictEqual(keys, this.#keys)
      this.#keys = keys
      if (isSame) return this.#keySet
      this.#keySet = createLocalJWKSet({ keys: [...keys] })
      this.#remembered.clear()
    }
    return this.#keySet
  }
}

/** What went wrong, in our words. */
function refusalOf(error: unknown): JwtRefusal {
  if (error instanceof errors.JWTExpired) return 'token_expired'
  if (error instanceof errors.JWTClaimValidationFailed) return claimRefusal(error)
  if (error instanceof errors.JOSEAlgNotAllowed) return 'algorithm_not_allowed'
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'signature_invalid'
  if (error instanceof errors.JWKSNoMatchingKey) return 'key_unknown'
  return 'token_malformed'
}

function claimRefusal({ claim, reason }: InstanceType<typeof errors.JWTClaimValidationFailed>): JwtRefusal {
  if (reason === 'missing') return 'claim_missing'
  if (claim === 'nbf') return reason === 'check_failed' ? 'token_not_yet_valid' : 'claim_invalid'
  if (claim === 'iss') return 'issuer_mismatch'
  if (claim === 'aud') return 'audience_mismatch'
  return 'claim_invalid'
}
