import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { didYouMean, didYouMeanOrList, suggest } from '../../src/config/suggest.ts'

suite('a word that nobody knows', () => {
  const known = ['healthCheck', 'backends', 'balancing', 'info', 'http']

  test('suggests the known one that is close', () => {
    const meant = ['helthCheck', 'healthcheck', 'health_check', 'backend', 'Balancing', 'inof', 'htp'].map(
      (word) => suggest(word, known)
    )
    assert.deepEqual(meant, [
      'healthCheck',
      'healthCheck',
      'healthCheck',
      'backends',
      'balancing',
      'info',
      'http'
    ])
  })

  test('suggests none when none is close', () => {
    for (const word of ['x', '', 'timeouts', 'tls', '__proto__'])
      assert.equal(suggest(word, known), undefined, word)
    assert.equal(suggest('anything', []), undefined)
  })

  test('is told the known ones when they are few', () => {
    assert.equal(didYouMean('backend', known), '; did you mean "backends"?')
    assert.equal(didYouMean('x', known), '')
    assert.equal(didYouMeanOrList('backend', known), '; did you mean "backends"?')
    assert.equal(didYouMeanOrList('xyz', ['a', 'b']), '; expected one of a, b')
    assert.equal(didYouMeanOrList('xyz', ['a']), '; expected a')
    assert.equal(didYouMeanOrList('xyz', []), '')
    const many = Array.from({ length: 13 }, (_, index) => `name-${index}`)
    assert.equal(didYouMeanOrList('xyz', many), '')
  })
})
