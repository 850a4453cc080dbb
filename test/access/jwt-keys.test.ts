import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { JwksKeeper } from '../../src/access/jwks-keeper.ts'
import { JwtVerifier } from '../../src/access/jwt-verifier.ts'
import type { JwtConfig } from '../../src/config/types.ts'
import { sharedNow } from '../../src/shared-clock.ts'
import { startBackend } from '../helpers/backend.ts'
import { until } from '../helpers/until.ts'
import { ISSUER } from './auth.ts'
import { claims, NOW, part, signer, snapshotOf, TestSource, token } from './jwt-lab.ts'

const KEY = signer('ec', 'key-1')
const OTHER = signer('ec', 'key-2')
const CONFIG: JwtConfig = { ...ISSUER, algorithms: ['ES256'] }
const ANNA = { consumer: 'anna' }

function good(changes: Record<string, unknown> = {}): string {
  return token(KEY, { alg: 'ES256', kid: 'key-1' }, claims(changes))
}

/** A verifier that has just found a token good. */
async function remembering(): Promise<{ verifier: JwtVerifier; source: TestSource; text: string }> {
  const source = new TestSource(KEY.jwk, OTHER.jwk)
  const verifier = new JwtVerifier(CONFIG, source, () => NOW)
  const text = good()
  assert.deepEqual(await verifier.verify(text), ANNA)
  assert.deepEqual(verifier.verify(text), ANNA)
  return { verifier, source, text }
}

suite('a token at the edges of its time', () => {
  const at = NOW / 1000
  for (const [what, skew, changes, now, expected] of [
    ['has not expired a moment before its end and the skew', 30_000, { exp: at }, NOW + 29_999, 'anna'],
    ['has expired at its end and the skew', 30_000, { exp: at }, NOW + 30_000, 'token_expired'],
    ['is valid from its beginning less the skew', 30_000, { nbf: at }, NOW - 30_000, 'anna'],
    ['is not valid before that', 30_000, { nbf: at }, NOW - 30_001, 'token_not_yet_valid'],
    ['has not expired before its end, without skew', 0, { exp: at }, NOW - 1, 'anna'],
    ['has expired at its end, without skew', 0, { exp: at }, NOW, 'token_expired']
  ] as const)
    test(what, async () => {
      let clock = now
      const verifier = new JwtVerifier({ ...CONFIG, clockSkew: skew }, new TestSource(KEY.jwk), () => clock)
      const verdict = await verifier.verify(good(changes))
      assert.equal('refusal' in verdict ? verdict.refusal : verdict.consumer, expected)
      // What is remembered ends at the same moment.
      if (expected !== 'anna' || !('exp' in changes)) return
      clock++
      assert.deepEqual(await verifier.verify(good(changes)), { refusal: 'token_expired' })
    })
})

suite('a token that was found good', () => {
  test('stays known when the same keys come again, as they do with every look and every message', async () => {
    const { verifier, source, text } = await remembering()
    source.snapshot = structuredClone(snapshotOf([KEY.jwk, OTHER.jwk], 1))
    assert.deepEqual(verifier.verify(text), ANNA)
    source.snapshot = structuredClone({ ...source.snapshot, reason: 'timeout' })
    assert.deepEqual(verifier.verify(text), ANNA)
  })

  test('is refused once its key is withdrawn, though others stay', async () => {
    const { verifier, source, text } = await remembering()
    source.snapshot = snapshotOf([OTHER.jwk], 1)
    assert.deepEqual(await verifier.verify(text), { refusal: 'key_unknown' })
  })

  test('is refused once its key id stands for another key', async () => {
    const { verifier, source, text } = await remembering()
    source.snapshot = snapshotOf([{ ...OTHER.jwk, kid: 'key-1' }], 1)
    assert.deepEqual(await verifier.verify(text), { refusal: 'signature_invalid' })
  })

  test('is not mistaken for one of the same claims', async () => {
    const { verifier, text } = await remembering()
    assert.deepEqual(await verifier.verify(text.slice(0, -4)), { refusal: 'signature_invalid' })
    assert.deepEqual(await verifier.verify(`${text}.`), { refusal: 'token_malformed' })
    assert.deepEqual(verifier.verify(text), ANNA)
  })
})

suite('an issuer', () => {
  test('is not asked again because of tokens that are wrong in another way', async () => {
    const source = new TestSource(KEY.jwk)
    const verifier = new JwtVerifier(CONFIG, source, () => NOW)
    const hmac = token(KEY, { alg: 'HS256', kid: 'other' }, claims())
    for (const text of ['a.b.c', hmac, good({ exp: 1 }), good({ iss: 'x' })])
      assert.notDeepEqual(await verifier.verify(text), ANNA)
    assert.equal(source.asked, 0)
  })

  test('that has a new key is asked once, and a flood of unknown keys asks it no more', async (t) => {
    let keys = [KEY.jwk]
    const server = await startBackend(t, 'issuer', (_, response) => response.end(JSON.stringify({ keys })))
    const keeper = new JwksKeeper({ log: { warn: () => {}, info: () => {} } })
    t.after(() => keeper.stop())
    const jwks = `${server.url}/jwks`
    keeper.follow([jwks])
    await until('the first keys are there', () => keeper.current(jwks) !== undefined)
    const verifier = new JwtVerifier({ ...CONFIG, jwks }, keeper, () => NOW)
    const before = good()
    assert.deepEqual(await verifier.verify(before), ANNA)

    keys = [OTHER.jwk]
    // As if it had been asked a while ago.
    Object.assign(keeper.current(jwks)!, { checkedAt: sharedNow() - 10_000 })
    const rotated = token(OTHER, { alg: 'ES256', kid: 'key-2' }, claims())
    const flood = Array.from({ length: 1000 }, async (_, index) =>
      verifier.verify(rotated.replace(/^[^.]+/, part(`{"alg":"ES256","kid":"${index}-${Math.random()}"}`)))
    )
    assert.deepEqual(await verifier.verify(rotated), ANNA)
    const refusals = (await Promise.all(flood)).filter((verdict) => 'refusal' in verdict)
    assert.equal(refusals.length, 1000)
    assert.equal(server.requests(), 2)
    assert.deepEqual(await verifier.verify(before), { refusal: 'key_unknown' })
    assert.equal(server.requests(), 2)
  })
})
