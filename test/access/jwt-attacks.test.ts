import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { JwtVerifier } from '../../src/access/jwt-verifier.ts'
import { ISSUER } from './auth.ts'
import { claims, NOW, part, signer, TestSource, token } from './jwt-lab.ts'

const RSA = signer('rsa', 'rsa-1')
const EC = signer('ec', 'ec-1')
/** The attacker's own, which the issuer doesn't know. */
const EVIL = signer('ec', 'ec-1')
const HEADER = { alg: 'RS256', kid: 'rsa-1' }
const GOOD = token(RSA, HEADER, claims())

/** What comes of a token where RS256 alone is allowed. */
async function verdictOn(text: string): Promise<unknown> {
  const source = new TestSource(RSA.jwk, EC.jwk)
  return await new JwtVerifier(ISSUER, source, () => NOW).verify(text)
}

/** @param texts - By what is wrong with each. */
async function assertAllRefused(
  texts: Readonly<Record<string, string>>,
  ...refusals: string[]
): Promise<void> {
  for (const [what, text] of Object.entries(texts)) {
    const verdict = (await verdictOn(text)) as { refusal?: string }
    assert.ok(refusals.includes(verdict.refusal ?? 'none'), `${what}: ${JSON.stringify(verdict)}`)
  }
}

test('the token that the attacks start from is good', async () => {
  assert.deepEqual(await verdictOn(GOOD), { consumer: 'anna' })
})

suite('of algorithms', () => {
  test('none is not allowed, however it is spelled, with a signature or without', async () => {
    const spelled = ['none', 'None', 'NONE', 'nOnE', 'none ', ' none', 'no\u0000ne']
    const [, , signature] = GOOD.split('.')
    for (const alg of spelled) {
      const unsigned = `${part({ ...HEADER, alg })}.${part(claims())}`
      const texts = { bare: `${unsigned}.`, signed: `${unsigned}.${signature}` }
      await assertAllRefused(texts, 'algorithm_not_allowed')
    }
  })

  test('one that is none is malformed', async () => {
    const algs = {
      missing: undefined,
      empty: '',
      null: null,
      list: ['RS256'],
      object: { alg: 'RS256' },
      number: 1
    }
    const texts = Object.entries(algs).map(([what, alg]) => [what, token(RSA, { ...HEADER, alg }, claims())])
    await assertAllRefused(Object.fromEntries(texts), 'token_malformed')
  })

  test('another one of the right key, or of another key of the issuer, is not allowed', async () => {
    const texts = {
      pss: token(RSA, { ...HEADER, alg: 'PS256' }, claims()),
      curve: token(EC, { alg: 'ES256', kid: 'ec-1' }, claims()),
      lower: token(RSA, { ...HEADER, alg: 'rs256' }, claims())
    }
    await assertAllRefused(texts, 'algorithm_not_allowed')
  })

  test('one that does not fit the key finds none', async () => {
    await assertAllRefused({ fit: token(EC, { alg: 'RS256', kid: 'ec-1' }, claims()) }, 'key_unknown')
  })
})

suite('of keys', () => {
  test('an id is compared, and nothing else is done with it', async () => {
    const kids: readonly unknown[] = [
      '../../../../dev/null',
      '/etc/passwd\u0000',
      "' UNION SELECT 'key' --",
      'https://evil.test/jwks',
      '__proto__',
      'constructor',
      'rsa-1\u0000',
      'RSA-1',
      '',
      { toString: 'rsa-1' },
      ['rsa-1'],
      0,
      null,
      true,
      'k'.repeat(5000)
    ]
    for (const kid of kids) {
      const text = token(EVIL, { ...HEADER, kid }, claims())
      await assertAllRefused({ [JSON.stringify(kid).slice(0, 40)]: text }, 'key_unknown')
    }
    assert.equal(Object.hasOwn(Object.prototype, 'kid'), false)
  })

  test('those that a token brings along, or points at, are not looked at', async () => {
    const own = { jwk: EVIL.jwk, jku: 'http://127.0.0.1:1/jwks', x5u: 'http://127.0.0.1:1/x', x5c: ['MIIB'] }
    await assertAllRefused(
      { new: token(EVIL, { ...own, alg: 'RS256', kid: 'evil' }, claims()) },
      'key_unknown'
    )
    assert.deepEqual(await verdictOn(token(RSA, { ...HEADER, ...own }, claims())), { consumer: 'anna' })
  })
})

suite('of what a token says', () => {
  const [header, payload, signature] = GOOD.split('.') as [string, string, string]

  test('what was signed is not changed, nor put on another', async () => {
    const texts = {
      payload: `${header}.${part(claims({ sub: 'root' }))}.${signature}`,
      header: `${part({ ...HEADER, typ: 'x' })}.${payload}.${signature}`,
      signature: `${header}.${payload}.${part('x'.repeat(256))}`,
      short: `${header}.${payload}.${signature.slice(0, -8)}`,
      none: `${header}.${payload}.`
    }
    await assertAllRefused(texts, 'signature_invalid')
  })

  test('an extension that must be understood is not', async () => {
    const texts = {
      unknown: token(RSA, { ...HEADER, crit: ['exp'] }, claims()),
      other: token(RSA, { ...HEADER, crit: ['x'], x: 1 }, claims()),
      empty: token(RSA, { ...HEADER, crit: [] }, claims()),
      proto: token(RSA, { ...HEADER, crit: ['__proto__'] }, claims()),
      text: token(RSA, { ...HEADER, crit: 'b64' }, claims()),
      b64: token(RSA, { ...HEADER, crit: ['b64'], b64: false }, claims())
    }
    // An unencoded payload (RFC 7797) is signed as it is, so its signature can't even fit.
    await assertAllRefused(texts, 'token_malformed', 'signature_invalid')
  })

  test('claims are one JSON object', async () => {
    const contents = {
      list: [claims()],
      text: '"anna"',
      null: 'null',
      cut: '{"sub":"anna"',
      nothing: '',
      number: '1'
    }
    const texts = Object.entries(contents).map(([what, content]) => [what, token(RSA, HEADER, content)])
    await assertAllRefused(Object.fromEntries(texts), 'token_malformed')
  })

  test('of a claim that is there twice the last one counts, as for every backend that parses JSON', async () => {
    const twice = JSON.stringify(claims()).replace('{', '{"sub":"root",')
    assert.deepEqual(await verdictOn(token(RSA, HEADER, twice)), { consumer: 'anna' })
  })
})

suite('of a text that is no token', () => {
  test('garbage is malformed', async () => {
    const [header, payload, signature] = GOOD.split('.')
    const texts = {
      nothing: '',
      dots: '..',
      more: '.....',
      words: 'a.b.c',
      two: `${header}.${payload}`,
      four: `${GOOD}.${signature}`,
      encrypted: `${header}.${payload}.${signature}.a.b`,
      'not base64': `!!!.${payload}.${signature}`,
      'no JSON': `${part('{')}.${payload}.${signature}`,
      'no object': `${part('[]')}.${payload}.${signature}`,
      null: `${part('null')}.${payload}.${signature}`,
      'no UTF-8': `${Buffer.from([0xff, 0xfe, 0x7b]).toString('base64url')}.${payload}.${signature}`,
      'signature not base64': `${header}.${payload}.${'?'.repeat(342)}`,
      deep: `${part(`{"alg":${'['.repeat(1000)}${']'.repeat(1000)}}`)}.${payload}.${signature}`
    }
    await assertAllRefused(texts, 'token_malformed')
  })

  test('cut anywhere it is refused', async () => {
    for (let length = 0; length < GOOD.length; length += 13) {
      const verdict = (await verdictOn(GOOD.slice(0, length))) as { refusal?: string }
      assert.match(verdict.refusal ?? 'none', /^(?:token_malformed|signature_invalid)$/, `at ${length}`)
    }
  })

  test('beyond 8 KiB it is not even parsed', async () => {
    const source = new TestSource(RSA.jwk)
    const verifier = new JwtVerifier(ISSUER, source, () => NOW)
    const fits = token(RSA, HEADER, claims({ pad: 'x'.repeat(5000) }))
    assert.deepEqual(await verifier.verify(fits), { consumer: 'anna' })
    const large = token(RSA, HEADER, claims({ pad: 'x'.repeat(6000) }))
    // Not a promise: the answer is there before anything is done.
    assert.deepEqual(verifier.verify(large), { refusal: 'token_too_large' })
    assert.deepEqual(verifier.verify('a'.repeat(1_000_000)), { refusal: 'token_too_large' })
  })
})
