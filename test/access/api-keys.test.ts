import assert from 'node:assert/strict'
import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import { suite, test, type TestContext } from 'node:test'
import { ApiKeySet, createApiKey, hashApiKey } from '../../src/access/api-keys.ts'
import { hexOf } from '../../src/config/resolve-access.ts'

function setOf(...keys: readonly (readonly [name: string, key: string])[]): ApiKeySet {
  return new ApiKeySet({
    name: 'partners',
    keys: keys.map(([name, key]) => ({ name, hash: hexOf(hashApiKey(key)) }))
  })
}

/** Counts comparisons in constant time. */
function comparisonsOf(t: TestContext): () => number {
  const compare = t.mock.method(crypto, 'timingSafeEqual')
  syncBuiltinESMExports()
  t.after(() => {
    t.mock.restoreAll()
    syncBuiltinESMExports()
  })
  return () => compare.mock.callCount()
}

suite('a set of API keys', () => {
  test('knows whose a key is, of several consumers with several keys', () => {
    const set = setOf(['acme', 'key-1'], ['acme', 'key-2'], ['umbrella', 'key-3'])
    const known = ['key-1', 'key-2', 'key-3', 'key-4', ''].map((key) => set.consumerOf(key))
    assert.deepEqual(known, ['acme', 'acme', 'umbrella', undefined, undefined])
  })

  test('knows nobody when it is empty', () => {
    assert.equal(setOf().consumerOf('key'), undefined)
  })

  test('takes neither another case, nor a part, nor the hash for the key', () => {
    const set = setOf(['acme', 'Key-1'])
    for (const key of ['key-1', 'Key-', 'Key-1 ', hashApiKey('Key-1'), hexOf(hashApiKey('Key-1'))])
      assert.equal(set.consumerOf(key), undefined, key)
  })

  test('does not look at texts that are too long for a key', () => {
    const [fits, long] = ['k'.repeat(512), 'k'.repeat(513)]
    const set = setOf(['fits', fits], ['long', long])
    assert.deepEqual([set.consumerOf(fits), set.consumerOf(long)], ['fits', undefined])
  })

  test('compares what it finds in constant time', (t) => {
    const comparisons = comparisonsOf(t)
    const set = setOf(['acme', 'key-1'])
    set.consumerOf('key-1')
    assert.equal(comparisons(), 1)
  })
})

suite('a new API key', () => {
  test('has 256 bits of its own, fits a header and a shell, and is found by its hash', () => {
    const [first, second] = [createApiKey(), createApiKey()]
    assert.match(first, /^xk_[\w-]{43}$/)
    assert.notEqual(first, second)
    assert.equal(setOf(['acme', first]).consumerOf(first), 'acme')
  })

  test('is hashed as `sha256sum` does', () => {
    const hash = 'sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
    assert.equal(hashApiKey('abc'), hash)
  })
})
