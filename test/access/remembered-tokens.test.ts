import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { RememberedTokens } from '../../src/access/remembered-tokens.ts'

function fill(tokens: RememberedTokens, prefix: string, count: number): void {
  for (let index = 0; index < count; index++) tokens.add(`${prefix}${index}`, prefix, 100)
}

suite('a remembered token', () => {
  test('is forgotten when it expires, or all are', () => {
    const tokens = new RememberedTokens()
    tokens.add('token', 'anna', 100)
    assert.deepEqual([tokens.get('token', 99), tokens.get('token', 100)], ['anna', undefined])
    tokens.clear()
    assert.equal(tokens.get('token', 0), undefined)
  })

  test('stays while it is seen, however many others come', () => {
    const tokens = new RememberedTokens()
    tokens.add('token', 'anna', 100)
    for (let round = 0; round < 10; round++) {
      fill(tokens, `round-${round}-`, 400)
      assert.equal(tokens.get('token', 0), 'anna', `round ${round}`)
    }
  })

  test('gives way to a thousand others', () => {
    const tokens = new RememberedTokens()
    tokens.add('token', 'anna', 100)
    fill(tokens, 'other-', 1000)
    assert.equal(tokens.get('token', 0), undefined)
  })

  test('that has expired takes no place of those that are good', () => {
    const tokens = new RememberedTokens()
    for (let index = 0; index < 500; index++) tokens.add(`old-${index}`, 'old', 10)
    tokens.add('token', 'anna', 100)
    for (let index = 0; index < 500; index++) tokens.get(`old-${index}`, 50)
    for (let index = 0; index < 400; index++) tokens.add(`new-${index}`, 'new', 100)
    fill(tokens, 'other-', 400)
    assert.equal(tokens.get('token', 50), 'anna')
  })
})
