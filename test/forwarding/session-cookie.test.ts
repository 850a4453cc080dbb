import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sessionTokens, sessionValue, withoutSession } from '../../src/forwarding/session-cookie.ts'

/** A token made of one character. */
function token(character: string): string {
  return character.repeat(22)
}

/** One of each character. */
function tokens(characters: string): string[] {
  return characters.split('').map((character) => token(character))
}

test('a cookie holds the tokens of several groups, the one used last first', () => {
  const value = sessionValue(token('a'), [token('b'), token('c')])
  assert.deepEqual(sessionTokens(`x=1; xgw=${value}`, 'xgw'), [token('a'), token('b'), token('c')])
  assert.equal(sessionValue(token('a'), []), token('a'))
  const many = sessionValue(token('a'), tokens('bcdefghijk'))
  assert.deepEqual(sessionTokens(`xgw=${many}`, 'xgw'), tokens('abcdefgh'))
})

test('what has another form holds none', () => {
  const values = [
    '',
    'a',
    `${token('a')}b`,
    `${token('a')}.`,
    `"${token('a')}"`,
    `${token('a')},${token('b')}`
  ]
  const long = Array.from({ length: 9 }, () => token('a')).join('.')
  for (const value of [...values, long, 'x'.repeat(10_000)])
    assert.deepEqual(sessionTokens(`xgw=${value}`, 'xgw'), [], value.slice(0, 60))
  assert.deepEqual(sessionTokens(undefined, 'xgw'), [])
})

test('the field goes on without it, but with a cookie of the same name that is the service’s', () => {
  assert.equal(withoutSession(`a=1; xgw=${token('a')}.${token('b')}; b=2`, 'xgw'), 'a=1; b=2')
  assert.equal(withoutSession(`xgw=${token('a')}; xgw=theirs`, 'xgw'), 'xgw=theirs')
  assert.equal(withoutSession(`xgw=${token('a')}`, 'xgw'), '')
  assert.equal(withoutSession('a=1;b=2', 'xgw'), 'a=1;b=2')
})
