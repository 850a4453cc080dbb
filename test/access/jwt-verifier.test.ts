import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { before, suite, test } from 'node:test'
import { type CryptoKey, exportSPKI, importJWK, type JWK } from 'jose'
import type { JwksSnapshot, JwksSource } from '../../src/access/jwks-source.ts'
import { type JwtVerdict, JwtVerifier } from '../../src/access/jwt-verifier.ts'
import type { JwtConfig } from '../../src/config/types.ts'
import { ISSUER } from './auth.ts'
import { forged, testKey, type TestKey, usual } from './tokens.ts'

/** An issuer whose keys a test gives. */
class Issuer implements JwksSource {
  snapshot: JwksSnapshot | undefined
  /** What asking it once more brings; undefined = it may not be asked. */
  next: readonly JWK[] | undefined
  asked = 0

  constructor(...keys: readonly JWK[]) {
    this.snapshot = { url: ISSUER.jwks, checkedAt: 0, keys }
  }

  current(): JwksSnapshot | undefined {
    return this.snapshot
  }

  async refreshed(): Promise<JwksSnapshot | undefined> {
    this.asked++
    if (!this.next) return undefined
    this.snapshot = { url: ISSUER.jwks, checkedAt: 1, keys: this.next }
    return this.snapshot
  }
}

let key: TestKey
let other: TestKey
before(async () => {
  ;[key, other] = await Promise.all([testKey(), testKey('key-2')])
})

function verifier(
  source: JwksSource = new Issuer(key.jwk),
  config: Partial<JwtConfig> = {},
  now?: () => number
) {
  return new JwtVerifier({ ...ISSUER, ...config }, source, now)
}

async function refusalOf(token: string, config: Partial<JwtConfig> = {}): Promise<string> {
  return said(await verifier(new Issuer(key.jwk), config).verify(token))
}

function said(verdict: JwtVerdict): string {
  return 'refusal' in verdict ? verdict.refusal : verdict.consumer
}

suite('a token', () => {
  test('of the issuer says who calls', async () => {
    assert.equal(await refusalOf(await key.token({ sub: 'ann' })), 'ann')
  })

  test('may be signed with another kind of key, if that is configured', async () => {
    for (const alg of ['ES256', 'EdDSA', 'PS256'] as const) {
      const own = await testKey('own', alg)
      const checks = verifier(new Issuer(key.jwk, own.jwk), { algorithms: ['RS256', alg] })
      assert.equal(said(await checks.verify(await own.token({ sub: alg }))), alg)
    }
  })

  test('names its consumer in the claim that is configured', async () => {
    const config = { consumerClaim: 'client_id' }
    assert.equal(await refusalOf(await key.token({ client_id: 'app' }), config), 'app')
    assert.equal(await refusalOf(await key.token({}), config), 'claim_missing')
  })

  test('that names no key is verified with whichever of several fits', async () => {
    const [first, second] = [other.jwk, key.jwk].map(({ kty, n, e }) => ({ kty, n, e }) as JWK)
    const token = await key.token({}, { kid: undefined })
    assert.equal(said(await verifier(new Issuer(first!, second!)).verify(token)), 'ann')
    assert.equal(said(await verifier(new Issuer(first!, first!)).verify(token)), 'signature_invalid')
  })

  test('is remembered, and then known at once, until it expires', async () => {
    let now = Date.now()
    const checks = verifier(undefined, {}, () => now)
    const token = await key.token({ exp: Math.floor(now / 1000) + 10 })
    assert.equal(said(await checks.verify(token)), 'ann')
    assert.deepEqual(checks.verify(token), { consumer: 'ann' })
    now += 41_000
    assert.equal(said(await checks.verify(token)), 'token_expired')
  })
})

suite('a token is refused', () => {
  test('that nobody signed, however that is spelled', async () => {
    for (const alg of ['none', 'None', 'NONE', 'nOnE', '']) {
      assert.notEqual(await refusalOf(forged({ alg, kid: 'key-1' }, usual({}))), 'ann', alg)
    }
  })

  test('that was signed with the public key as if it were a secret', async () => {
    const pem = await exportSPKI((await importJWK(key.jwk, 'RS256')) as CryptoKey)
    for (const secret of [pem, JSON.stringify(key.jwk), key.jwk.n!]) {
      const unsigned = forged({ alg: 'HS256', kid: 'key-1' }, usual({})).slice(0, -1)
      const signature = createHmac('sha256', secret).update(unsigned).digest('base64url')
      assert.equal(await refusalOf(`${unsigned}.${signature}`), 'algorithm_not_allowed')
    }
  })

  test('that was signed with another algorithm of the right key', async () => {
    const strong = await testKey('key-1', 'RS512')
    const token = await strong.token({})
    assert.equal(said(await verifier(new Issuer(strong.jwk)).verify(token)), 'algorithm_not_allowed')
  })

  test('that somebody else signed in the name of the key', async () => {
    assert.equal(await refusalOf(await other.token({}, { kid: 'key-1' })), 'signature_invalid')
  })

  test('that brings its own key, or says where it is', async () => {
    const own = { jwk: other.jwk, jku: 'http://127.0.0.1:1/jwks', x5u: 'http://127.0.0.1:1/x5u' }
    assert.equal(await refusalOf(await other.token({}, { ...own, kid: 'key-1' })), 'signature_invalid')
    assert.equal(await refusalOf(await other.token({}, own)), 'key_unknown')
  })

  test('whose key id means mischief', async () => {
    const ids = [
      '../../etc/passwd',
      "' OR 1=1 --",
      '__proto__',
      'constructor',
      '',
      'x'.repeat(4000),
      { a: 1 },
      null,
      1
    ]
    for (const kid of ids) {
      const token = `${forged({ alg: 'RS256', kid }, usual({}))}AAAA`
      assert.notEqual(await refusalOf(token), 'ann', JSON.stringify(kid))
    }
  })

  test('that demands what is not understood', async () => {
    const header = { alg: 'RS256', kid: 'key-1', crit: ['b64', 'exp'], b64: false }
    assert.equal(await refusalOf(`${forged(header, usual({}))}AAAA`), 'token_malformed')
  })

  test('that has expired, or says not when it does', async () => {
    const now = Math.floor(Date.now() / 1000)
    assert.equal(await refusalOf(await key.token({ exp: now - 31 })), 'token_expired')
    assert.equal(await refusalOf(await key.token({ exp: now - 5 })), 'ann')
    assert.equal(await refusalOf(await key.token({ exp: undefined })), 'claim_missing')
    assert.equal(await refusalOf(await key.token({ exp: 'never' })), 'claim_invalid')
  })

  test('that is not valid yet', async () => {
    const now = Math.floor(Date.now() / 1000)
    assert.equal(await refusalOf(await key.token({ nbf: now + 60 })), 'token_not_yet_valid')
    assert.equal(await refusalOf(await key.token({ nbf: now + 10 })), 'ann')
    assert.equal(await refusalOf(await key.token({ nbf: now + 10 }), { clockSkew: 0 }), 'token_not_yet_valid')
  })

  test('that is for somebody else', async () => {
    for (const aud of ['shopping', ['a', 'b'], [], '', 'Shop']) {
      assert.equal(await refusalOf(await key.token({ aud })), 'audience_mismatch', String(aud))
    }
    assert.equal(await refusalOf(await key.token({ aud: undefined })), 'claim_missing')
    assert.equal(await refusalOf(await key.token({ aud: ['other', 'shop'] })), 'ann')
  })

  test('that is of somebody else', async () => {
    for (const iss of ['https://id.test', 'https://evil.test/', ['https://id.test/']]) {
      assert.equal(await refusalOf(await key.token({ iss })), 'issuer_mismatch', String(iss))
    }
    assert.equal(await refusalOf(await key.token({ iss: undefined })), 'claim_missing')
  })

  test('that does not say who calls in so many words', async () => {
    for (const sub of ['', 'x'.repeat(257), 1, ['ann'], { name: 'ann' }, null]) {
      assert.match(
        await refusalOf(await key.token({ sub })),
        /^claim_(?:invalid|missing)$/,
        JSON.stringify(sub)
      )
    }
  })

  test('that is larger than any should be, before it is looked at', async () => {
    assert.equal(await refusalOf('a'.repeat(8193)), 'token_too_large')
  })

  test('that is none, or a part of one', async () => {
    const token = await key.token({})
    const [header, payload] = token.split('.')
    for (const text of [
      '',
      '.',
      '..',
      'a.b.c',
      header!,
      `${header}.${payload}`,
      `${token}.x`,
      `.${token}`,
      '💥.💥.💥'
    ]) {
      assert.equal(await refusalOf(text), 'token_malformed', text)
    }
    for (const length of [1, 20, token.length - 40, token.length - 1]) {
      assert.match(await refusalOf(token.slice(0, length)), /^(?:token_malformed|signature_invalid)$/)
    }
  })
})

suite('keys', () => {
  test('that have changed are asked for once, and the token is tried again', async () => {
    const issuer = new Issuer(key.jwk)
    issuer.next = [other.jwk]
    const checks = verifier(issuer)
    assert.equal(said(await checks.verify(await other.token({}))), 'ann')
    assert.equal(issuer.asked, 1)
  })

  test('that are gone take the tokens with them that were known already', async () => {
    const issuer = new Issuer(key.jwk)
    const checks = verifier(issuer)
    const token = await key.token({})
    assert.equal(said(await checks.verify(token)), 'ann')
    issuer.snapshot = { url: ISSUER.jwks, checkedAt: 2, keys: [other.jwk] }
    assert.equal(said(await checks.verify(token)), 'key_unknown')
  })

  test('that can no longer be had still verify', async () => {
    const issuer = new Issuer(key.jwk)
    issuer.snapshot = { ...issuer.snapshot!, checkedAt: 5, reason: 'timeout' }
    assert.equal(said(await verifier(issuer).verify(await key.token({}))), 'ann')
  })

  test('that never could be had let nobody through', async () => {
    const issuer = new Issuer()
    issuer.snapshot = { url: ISSUER.jwks, checkedAt: 0, keys: undefined, reason: 'connect_refused' }
    assert.equal(said(await verifier(issuer).verify(await key.token({}))), 'keys_unavailable')
  })

  test('that are still on their way are waited for', async () => {
    const issuer = new Issuer()
    issuer.snapshot = undefined
    issuer.next = [key.jwk]
    assert.equal(said(await verifier(issuer).verify(await key.token({}))), 'ann')
    const never = new Issuer()
    never.snapshot = undefined
    assert.equal(said(await verifier(never).verify(await key.token({}))), 'keys_unavailable')
  })
})
