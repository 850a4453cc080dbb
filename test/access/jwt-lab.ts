import { constants, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import type { JWK } from 'jose'
import type { JwksSnapshot, JwksSource } from '../../src/access/jwks-source.ts'
import { ISSUER } from './auth.ts'

/** A moment at which a test's tokens are good, in milliseconds since the epoch: on a full second. */
export const NOW = 1_800_000_000_000

/** An issuer's key pair. */
export interface Signer {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  /** The public half as the issuer publishes it. */
  readonly jwk: JWK
}

/** Makes a key pair: of RSA it takes a tenth of a second, of the curve next to nothing. */
export function signer(kind: 'rsa' | 'ec', kid?: string): Signer {
  const { privateKey, publicKey } =
    kind === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = {
    ...(publicKey.export({ format: 'jwk' }) as JWK),
    use: 'sig',
    ...(kid !== undefined && { kid })
  }
  return { privateKey, publicKey, jwk }
}

/** Claims that are right at {@link NOW}, for five minutes. */
export function claims(changes: Record<string, unknown> = {}): Record<string, unknown> {
  const right = { iss: ISSUER.issuer, aud: ISSUER.audience[0], sub: 'anna', exp: NOW / 1000 + 300 }
  return JSON.parse(JSON.stringify({ ...right, ...changes })) as Record<string, unknown>
}

/** Part of a token: of data its JSON, of text the text itself. */
export function part(content: unknown): string {
  return Buffer.from(typeof content === 'string' ? content : JSON.stringify(content)).toString('base64url')
}

/** Signs whatever it is given, by the algorithm that the header names; made by hand, as attackers do. */
export function token({ privateKey }: Signer, header: Record<string, unknown>, content: unknown): string {
  const input = `${part(header)}.${part(content)}`
  const isPss = header['alg'] === 'PS256'
  const key = isPss
    ? { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }
    : { key: privateKey, dsaEncoding: 'ieee-p1363' as const }
  return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`
}

/** A source of keys that a test decides on. */
export class TestSource implements JwksSource {
  snapshot: JwksSnapshot | undefined
  /** What comes of asking again; undefined = it may not be asked. */
  next: JwksSnapshot | undefined
  /** How often it was asked again. */
  asked = 0

  constructor(...keys: readonly JWK[]) {
    this.snapshot = snapshotOf(keys)
  }

  current(): JwksSnapshot | undefined {
    return this.snapshot
  }

  async refreshed(): Promise<JwksSnapshot | undefined> {
    this.asked++
    this.snapshot = this.next ?? this.snapshot
    return this.next
  }
}

/** What is known of an issuer with these keys. */
export function snapshotOf(keys: readonly JWK[] | undefined, checkedAt = 0): JwksSnapshot {
  return { url: ISSUER.jwks, checkedAt, keys, ...(keys === undefined && { reason: 'timeout' }) }
}
