import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { RedisBreaker } from '../../src/store/redis-breaker.ts'

function broken(): RedisBreaker {
  const breaker = new RedisBreaker()
  for (let failure = 0; failure < 5; failure++) breaker.failed(0)
  return breaker
}

suite('whether a thread asks its Redis', () => {
  test('it does until five calls in a row have failed', () => {
    const breaker = new RedisBreaker()
    for (let failure = 0; failure < 4; failure++) assert.equal(breaker.failed(0), false)
    breaker.succeeded()
    for (let failure = 0; failure < 4; failure++) assert.equal(breaker.failed(0), false)
    assert.equal(breaker.mayAsk(0), true)
    assert.equal(breaker.failed(0), true)
    assert.equal(breaker.isAway, true)
    assert.equal(breaker.mayAsk(0), false)
    assert.equal(breaker.failed(0), false, 'that is no news')
  })

  test('after two seconds one call at a time tries', () => {
    const breaker = broken()
    assert.equal(breaker.mayAsk(1999), false)
    assert.equal(breaker.mayAsk(2000), true)
    assert.equal(breaker.mayAsk(2000), false)
    breaker.failed(2050)
    assert.equal(breaker.mayAsk(4049), false)
    assert.equal(breaker.mayAsk(4050), true)
    assert.equal(breaker.succeeded(), true)
    assert.equal(breaker.isAway, false)
    assert.equal(breaker.mayAsk(4051), true)
    assert.equal(breaker.succeeded(), false, 'that is no news')
  })
})
