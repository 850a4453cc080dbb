import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type Session, Sessions, type SessionsOptions } from '../../src/admin/sessions.ts'
import { digestOf } from '../../src/admin/tokens.ts'

const ANN = digestOf('token-of-ann')
const BOB = digestOf('token-of-bob')

function sessions(options: Partial<SessionsOptions> = {}) {
  const now = { at: 1000 }
  return { now, all: new Sessions({ life: 500, most: 3, now: () => now.at, ...options }) }
}

suite('sessions of the dashboard', () => {
  test('are found by their secret and by nothing else', () => {
    const { all } = sessions()
    const { secret, session } = all.open(ANN)
    assert.equal(all.find(secret), session)
    assert.deepEqual(session, { token: ANN, expires: 1500 } satisfies Session)
    assert.match(secret, /^[\w-]{43}$/)
    for (const wrong of ['', secret.slice(1), `${secret}x`, secret.toLowerCase()]) {
      assert.equal(all.find(wrong), undefined)
    }
    assert.notEqual(all.open(ANN).secret, secret, 'each has its own')
    all.clear()
  })

  test('end when their time is up, whether or not anybody looks', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    let ends = 0
    const { all, now } = sessions({ onEnd: () => ends++ })
    const { secret } = all.open(ANN)
    now.at = 1499
    assert.ok(all.find(secret))
    now.at = 1500
    assert.equal(all.find(secret), undefined, 'a timer that is late frees nobody')
    t.mock.timers.tick(500)
    assert.deepEqual([all.size, ends], [0, 1])
  })

  test('end one by one, or with the token that they were opened with', () => {
    const { all } = sessions()
    const [first, second, third] = [all.open(ANN), all.open(ANN), all.open(BOB)]
    all.close(first.secret)
    all.close(first.secret)
    assert.deepEqual(
      [first, second, third].map(({ secret }) => all.find(secret) !== undefined),
      [false, true, true]
    )
    all.retain((token) => token.equals(BOB))
    assert.deepEqual(
      [second, third].map(({ secret }) => all.find(secret) !== undefined),
      [false, true]
    )
    all.clear()
    assert.equal(all.size, 0)
  })

  test('are not more than a few: the oldest makes room', () => {
    let ends = 0
    const { all } = sessions({ onEnd: () => ends++ })
    const opened = Array.from({ length: 4 }, () => all.open(ANN))
    assert.deepEqual([all.size, ends], [3, 1])
    assert.deepEqual(
      opened.map(({ secret }) => all.find(secret) !== undefined),
      [false, true, true, true]
    )
    all.clear()
  })
})
