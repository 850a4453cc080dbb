import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import type { JWK } from 'jose'
import { usableKeys } from '../../src/access/usable-keys.ts'
import { signer } from './jwt-lab.ts'

const KEY = signer('ec', 'key-1')

function onCurve(namedCurve: string): JWK {
  return generateKeyPairSync('ec', { namedCurve }).publicKey.export({ format: 'jwk' })
}

test('keys of all curves that tokens are signed with are used', () => {
  const edwards = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }) as JWK
  const keys = [onCurve('P-256'), onCurve('P-384'), onCurve('P-521'), edwards]
  assert.deepEqual(usableKeys({ keys }), keys)
})

test('keys that no token may be signed with are not used', () => {
  const others = ['ed448', 'x25519'].map((kind) => {
    return generateKeyPairSync(kind as 'ed448').publicKey.export({ format: 'jwk' })
  })
  const short = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' })
  assert.deepEqual(usableKeys({ keys: [onCurve('secp256k1'), short, ...others] }), [])
})

test('a point that is on no curve is no key', () => {
  assert.deepEqual(
    usableKeys({
      keys: [
        { ...KEY.jwk, y: KEY.jwk.x },
        { ...KEY.jwk, x: 7 }
      ]
    }),
    []
  )
})

test('of a private key only the public half is kept', () => {
  const secret = KEY.privateKey.export({ format: 'jwk' })
  assert.deepEqual(usableKeys({ keys: [{ ...secret, kid: 'key-1', use: 'sig' }] }), [KEY.jwk])
})

test('a set of more than a hundred keys is cut', () => {
  assert.equal(usableKeys({ keys: Array.from({ length: 101 }, () => KEY.jwk) }).length, 100)
})

test('what is no set has no keys', () => {
  for (const document of [undefined, null, 7, 'keys', [], [KEY.jwk], { keys: { 0: KEY.jwk, length: 1 } }])
    assert.deepEqual(usableKeys(document), [])
})
