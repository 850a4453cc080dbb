import assert from 'node:assert/strict'
import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import { suite, test } from 'node:test'
import { Tokens } from '../../src/admin/tokens.ts'

suite('tokens of the admin API', () => {
  const tokens = new Tokens([
    { name: 'ann', token: 'first' },
    { name: 'bob', token: 'second' }
  ])

  test('tell whose they are', () => {
    const names = ['first', 'second', 'third', '', 'First', 'firs'].map((token) => tokens.nameOf(token))
    assert.deepEqual(names, ['ann', 'bob', undefined, undefined, undefined, undefined])
  })

  test('are compared in constant time, each time with all of them', (t) => {
    const compare = t.mock.method(crypto, 'timingSafeEqual')
    syncBuiltinESMExports()
    for (const token of ['first', 'second', 'wrong']) tokens.nameOf(token)
    t.mock.restoreAll()
    syncBuiltinESMExports()
    assert.equal(compare.mock.callCount(), 6)
  })
})
