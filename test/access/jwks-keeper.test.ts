import assert from 'node:assert/strict'
import { before, suite, test, type TestContext } from 'node:test'
import type { RequestListener } from 'node:http'
import { JwksKeeper, type KeysNews } from '../../src/access/jwks-keeper.ts'
import { PostedJwks } from '../../src/access/posted-jwks.ts'
import { usableKeys } from '../../src/access/usable-keys.ts'
import { sharedNow } from '../../src/shared-clock.ts'
import { startBackend } from '../helpers/backend.ts'
import { until } from '../helpers/until.ts'
import { testKey, type TestKey } from './tokens.ts'

let key: TestKey
before(async () => {
  key = await testKey()
})

/** An issuer that answers as the test says, and a keeper of its keys. */
async function issuer(t: TestContext, answer: RequestListener) {
  const server = await startBackend(t, 'issuer', (...args) => answer(...args))
  const news: KeysNews[] = []
  const keeper = new JwksKeeper({
    log: { warn: () => {}, info: () => {} },
    onEvent: (event) => news.push(event)
  })
  t.after(() => keeper.stop())
  const url = `${server.url}/jwks`
  keeper.follow([url])
  const first = async () => {
    await until('the issuer was asked', () => keeper.current(url) !== undefined)
    return keeper.current(url)!
  }
  return { server, keeper, url, first, news }
}

function set(...keys: readonly object[]): string {
  return JSON.stringify({ keys })
}

suite('keys of an issuer', () => {
  test('are asked for at once and kept', async (t) => {
    const { first } = await issuer(t, (_, response) => response.end(set(key.jwk)))
    const { keys, reason } = await first()
    assert.deepEqual([keys?.map(({ kid }) => kid), reason], [['key-1'], undefined])
  })

  for (const [wrong, reason, answer] of [
    ['an error', 'status_500', (_, response) => response.writeHead(500).end(set({}))],
    ['a page', 'no_usable_keys', (_, response) => response.end('<html>')],
    ['no keys', 'no_usable_keys', (_, response) => response.end(set())],
    ['something else', 'no_usable_keys', (_, response) => response.end('{"keys":{"length":1}}')],
    ['more than is read', 'too_large', (_, response) => response.end(set({ pad: 'x'.repeat(300_000) }))],
    ['another place', 'status_302', (_, response) => response.writeHead(302, { location: '/jwks' }).end()],
    ['nothing', 'reset', (request) => request.socket.destroy()]
  ] satisfies [string, string, RequestListener][]) {
    test(`are not had from an issuer that answers with ${wrong}`, async (t) => {
      const { first } = await issuer(t, answer)
      const told = await first()
      assert.deepEqual([told.keys, told.reason], [undefined, reason])
    })
  }

  test('stay when they can not be had any more, and all is told once', async (t) => {
    let answer: RequestListener = (_, response) => response.end(set(key.jwk))
    const { keeper, url, first, news } = await issuer(t, (...args) => answer(...args))
    await first()
    answer = (request) => request.socket.destroy()
    // As if it had been asked a while ago.
    Object.assign(keeper.current(url)!, { checkedAt: sharedNow() - 10_000 })
    const away = await keeper.refreshed(url)
    assert.deepEqual([away?.keys?.length, away?.reason], [1, 'reset'])
    answer = (_, response) => response.end(set(key.jwk, { ...key.jwk, kid: 'key-2' }))
    // It is tried again by itself.
    await until('the issuer is back', () => keeper.current(url)!.reason === undefined)
    assert.equal(keeper.current(url)!.keys!.length, 2)
    assert.deepEqual(
      news.map(({ state, reason }) => [state, reason]),
      [
        ['away', 'reset'],
        ['back', undefined]
      ]
    )
  })

  test('are not asked for again within the cooldown, however many tokens ask', async (t) => {
    const { server, keeper, url, first } = await issuer(t, (_, response) => response.end(set(key.jwk)))
    await first()
    const answers = await Promise.all(Array.from({ length: 1000 }, () => keeper.refreshed(url)))
    assert.deepEqual([answers.filter(Boolean).length, server.requests()], [0, 1])
  })

  test('are asked for once, however many wait', async (t) => {
    const { server, keeper, url } = await issuer(t, (_, response) => {
      setTimeout(() => response.end(set(key.jwk)), 50)
    })
    const answers = await Promise.all(Array.from({ length: 100 }, () => keeper.refreshed(url)))
    assert.deepEqual([answers.every((each) => each?.keys?.length === 1), server.requests()], [true, 1])
  })

  test('of an issuer that nobody names any more are forgotten', async (t) => {
    const { keeper, url, first } = await issuer(t, (_, response) => response.end(set(key.jwk)))
    await first()
    keeper.follow([])
    assert.equal(keeper.current(url), undefined)
  })
})

test('of a key set only public keys that sign are used, without what is secret in them', async () => {
  const [weak, own] = [
    { kty: 'RSA', n: 'AQAB', e: 'AQAB' },
    { ...key.jwk, d: 'secret', p: 'secret', oth: [] }
  ]
  const shared = { kty: 'oct', k: 'c2VjcmV0', kid: 'shared' }
  const keys = usableKeys({ keys: [weak, own, shared, { ...key.jwk, use: 'enc' }, null, 'key', {}] })
  assert.deepEqual(keys, [key.jwk])
})

suite('keys that another thread keeps', () => {
  const url = 'http://issuer.test/jwks'

  test('are those that it was told of last', () => {
    const posted = new PostedJwks({ ask: () => {} })
    assert.equal(posted.current(url), undefined)
    posted.take([{ url, checkedAt: 1, keys: [key.jwk] }])
    assert.equal(posted.current(url)?.keys?.length, 1)
  })

  test('are asked for once by all who want newer ones, and not within the cooldown', async () => {
    const asked: string[] = []
    const posted = new PostedJwks({ ask: (each) => asked.push(each) })
    posted.take([{ url, checkedAt: sharedNow() - 20_000, keys: [key.jwk] }])
    const waiting = [posted.refreshed(url), posted.refreshed(url)]
    posted.take([{ url, checkedAt: sharedNow(), keys: undefined, reason: 'timeout' }])
    const answers = await Promise.all(waiting)
    assert.deepEqual([answers.map((each) => each?.reason), asked], [['timeout', 'timeout'], [url]])
    assert.equal(await posted.refreshed(url), undefined)
  })

  test('that never come let nobody wait for ever', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const posted = new PostedJwks({ ask: () => {} })
    const waiting = posted.refreshed(url)
    t.mock.timers.tick(5000)
    assert.equal(await waiting, undefined)
  })
})
