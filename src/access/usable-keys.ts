import { createPublicKey } from 'node:crypto'
import type { JWK } from 'jose'

/** Most keys that a set is taken with. */
const MAX_KEYS = 100
/** Below this many bits an RSA key is no protection (RFC 7518 section 3.3). */
const MIN_RSA_BITS = 2048
/** The curves of ECDSA that tokens are signed with (RFC 7518 section 3.4); OpenSSL knows others. */
const CURVES: ReadonlySet<unknown> = new Set(['P-256', 'P-384', 'P-521'])

/** What of a key is public (RFC 7517 section 4, RFC 7518 section 6). */
const PUBLIC = ['kty', 'kid', 'alg', 'use', 'key_ops', 'crv', 'x', 'y', 'n', 'e'] as const

/**
 * The keys of a set (RFC 7517 section 5) that signatures can be verified with: public ones, without whatever else they
 * say. Shared secrets are none: whoever can verify with one can sign with it.
 *
 * @returns Empty when there are none.
 */
export function usableKeys(document: unknown): JWK[] {
  const { keys } = (document ?? {}) as { keys?: unknown }
  if (!Array.isArray(keys)) return []
  return keys.slice(0, MAX_KEYS).flatMap((key: unknown) => {
    const usable = usableKey(key)
    return usable ? [usable] : []
  })
}

function usableKey(key: unknown): JWK | undefined {
  if (typeof key !== 'object' || key === null) return undefined
  const given = key as Record<string, unknown>
  if (given['use'] !== undefined && given['use'] !== 'sig') return undefined
  const own = PUBLIC.flatMap((name) => (Object.hasOwn(given, name) ? [[name, given[name]]] : []))
  const jwk = Object.fromEntries(own) as JWK
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = createPublicKey({
      key: jwk,
      format: 'jwk'
    })
    if (asymmetricKeyType === 'rsa') {
      return (asymmetricKeyDetails?.modulusLength ?? 0) >= MIN_RSA_BITS ? jwk : undefined
    }
    const isCurve = asymmetricKeyType === 'ec' ? CURVES.has(jwk.crv) : asymmetricKeyType === 'ed25519'
    return isCurve ? jwk : undefined
  } catch {
    return undefined
  }
}
