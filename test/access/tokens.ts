import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import { ISSUER } from './auth.ts'

/** What a token says of itself besides its algorithm. */
export type Header = Record<string, unknown>

/** A key pair of a test's issuer. */
export interface TestKey {
  /** Its public half. */
  readonly jwk: JWK
  /** A token signed with it, good for a minute for who {@link ISSUER} is, unless the claims say otherwise. */
  readonly token: (claims: Record<string, unknown>, header?: Header) => Promise<string>
}

/** Makes a key pair. @param kid - Its id. */
export async function testKey(kid = 'key-1', alg = 'RS256'): Promise<TestKey> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
  const jwk = { ...(await exportJWK(publicKey)), kid, use: 'sig' }
  return {
    jwk,
    token: (claims, header = {}) =>
      new SignJWT(usual(claims)).setProtectedHeader({ alg, kid, ...header }).sign(privateKey)
  }
}

/** Claims of a good token, with these in place of its own; undefined leaves one out. */
export function usual(claims: Record<string, unknown>): Record<string, unknown> {
  const exp = Math.floor(Date.now() / 1000) + 60
  const all = { iss: ISSUER.issuer, aud: ISSUER.audience[0], exp, sub: 'ann', ...claims }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
}

/** A token written by hand. @param signature - As it stands at its end. */
export function forged(header: Header, claims: Record<string, unknown>, signature = ''): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part(header)}.${part(claims)}.${signature}`
}
