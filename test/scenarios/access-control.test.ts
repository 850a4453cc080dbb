import assert from 'node:assert/strict'
import { suite, test, type TestContext } from 'node:test'
import type { JWK } from 'jose'
import { hashApiKey } from '../../src/access/api-keys.ts'
import { ISSUER } from '../access/auth.ts'
import { testKey } from '../access/tokens.ts'
import { startBackend } from '../helpers/backend.ts'
import { seenRequest, startEchoBackend } from '../helpers/echo-backend.ts'
import { exchange } from '../helpers/exchange.ts'
import { collectEvents, type RawConfig, startGateway, WORKER_COUNTS } from '../helpers/gateway.ts'
import { collectLog } from '../helpers/log-lines.ts'
import { rawClient, upgradeRequest } from '../helpers/raw-client.ts'
import { until } from '../helpers/until.ts'

const KEY = 'the-key-of-acme'

/** A shop whose routes ask for a key, a token, and nothing. */
function shop(backend: string, jwks: string, keys: readonly string[] = [KEY]): RawConfig {
  return {
    auth: {
      apiKeys: { partners: keys.map((key) => ({ name: 'acme', hash: hashApiKey(key) })) },
      jwt: { shop: { issuer: ISSUER.issuer, audience: 'shop', jwks } }
    },
    upstreams: { shop: { backends: [backend] } },
    routes: [
      { name: 'keyed', path: '/keyed', upstream: 'shop', access: { apiKeys: 'partners' } },
      { name: 'token', path: '/token', upstream: 'shop', access: { jwt: 'shop' } },
      { name: 'open', path: '/open', upstream: 'shop' }
    ]
  }
}

/** An issuer whose keys a test gives. */
async function startIssuer(t: TestContext, keys: JWK[]) {
  const server = await startBackend(t, 'issuer', (_, response) => response.end(JSON.stringify({ keys })))
  return { ...server, url: `${server.url}/jwks` }
}

suite('access control', () => {
  for (const workers of WORKER_COUNTS) {
    test(`lets through who may, and tells the backend who it is, with ${workers} workers`, async (t) => {
      const key = await testKey()
      const [backend, issuer] = await Promise.all([startEchoBackend(t, 'a'), startIssuer(t, [key.jwk])])
      const { url } = await startGateway(t, shop(backend.url, issuer.url), { workers })
      const forged = {
        'X-Consumer': 'admin',
        x_consumer: 'admin',
        'X-Consumer_Auth': 'jwt:shop',
        connection: 'x-consumer'
      }
      const seen = async (path: string, headers: Record<string, string>) => {
        const { status, body } = await exchange(url + path, { headers: { ...forged, ...headers } })
        assert.equal(status, 200, body)
        return seenRequest(body).headers
      }
      const keyed = await seen('/keyed', { 'X-Api-Key': KEY })
      assert.deepEqual([keyed['x-consumer'], keyed['x-consumer-auth']], [['acme'], ['apiKeys:partners']])
      assert.deepEqual(
        [keyed['x_consumer'], keyed['x-consumer_auth'], keyed['x-api-key']],
        Array(3).fill(undefined)
      )
      const authorization = `Bearer ${await key.token({ sub: 'ann|é' })}`
      const token = await seen('/token', { authorization })
      assert.deepEqual([token['x-consumer'], token['x-consumer-auth']], [['ann|%C3%A9'], ['jwt:shop']])
      assert.deepEqual(token['authorization'], [authorization])
      const open = await seen('/open', {})
      assert.deepEqual(
        [open['x-consumer'], open['x_consumer'], open['x-consumer_auth']],
        Array(3).fill(undefined)
      )
      const refused = await Promise.all(
        ['/keyed', '/token'].map((path) => exchange(url + path, { headers: forged }))
      )
      assert.deepEqual(
        refused.map(({ status }) => status),
        [401, 401]
      )
      assert.equal(backend.requests(), 3)
    })

    test(`learns of a new key when a token names it, with ${workers} workers`, async (t) => {
      const [first, second] = await Promise.all([testKey(), testKey('key-2')])
      const keys = [first.jwk]
      const [backend, issuer] = await Promise.all([startEchoBackend(t, 'a'), startIssuer(t, keys)])
      const { url, gateway } = await startGateway(t, shop(backend.url, issuer.url), { workers })
      const news = collectEvents(gateway, 'keys')
      const ask = async (token: string) =>
        (await exchange(`${url}/token`, { headers: { authorization: `Bearer ${token}` } })).status
      assert.equal(await ask(await first.token({})), 200)
      keys.splice(0, 1, second.jwk)
      const token = await second.token({})
      // Not at once: whoever makes up keys must not make the gateway ask each time.
      assert.equal(await ask(token), 401)
      assert.equal(issuer.requests(), 1)
      assert.equal(news.length, 0)
    })
  }

  test('goes on with the keys that it has when the issuer is gone, also in a worker that is new', async (t) => {
    const key = await testKey()
    const [backend, issuer] = await Promise.all([startEchoBackend(t, 'a'), startIssuer(t, [key.jwk])])
    const { url, gateway, write } = await startGateway(t, shop(backend.url, issuer.url), { workers: 1 })
    const authorization = `Bearer ${await key.token({})}`
    const status = async () => (await exchange(`${url}/token`, { headers: { authorization } })).status
    assert.equal(await status(), 200)
    await issuer.kill()
    await write({ ...shop(backend.url, issuer.url), log: { level: 'silent', access: false } })
    assert.equal((await gateway.reload('signal')).outcome, 'applied')
    assert.equal(await status(), 200)
  })

  test('lets nobody through while it has no keys, and says so', async (t) => {
    const key = await testKey()
    const backend = await startEchoBackend(t, 'a')
    const { url, gateway } = await startGateway(t, shop(backend.url, 'http://127.0.0.1:1/jwks'))
    const news = collectEvents(gateway, 'keys')
    await until('the issuer was asked', () => news.length > 0)
    const authorization = `Bearer ${await key.token({})}`
    const { status, headers } = await exchange(`${url}/token`, { headers: { authorization } })
    assert.deepEqual([status, headers['retry-after'], news[0]?.state], [503, '5', 'away'])
    assert.equal((await exchange(`${url}/open`)).status, 200)
  })

  test('knows a key no longer that a reload has taken away', async (t) => {
    const backend = await startEchoBackend(t, 'a')
    const { url, gateway, write } = await startGateway(t, shop(backend.url, 'http://127.0.0.1:1/'))
    const status = async (key: string) =>
      (await exchange(`${url}/keyed`, { headers: { 'x-api-key': key } })).status
    assert.equal(await status(KEY), 200)
    await write(shop(backend.url, 'http://127.0.0.1:1/', ['another-key']))
    await gateway.reload('signal')
    assert.deepEqual([await status(KEY), await status('another-key')], [401, 200])
  })

  test('asks upgrades as well, and refuses a second Authorization', async (t) => {
    const key = await testKey()
    const [backend, issuer] = await Promise.all([startEchoBackend(t, 'a'), startIssuer(t, [key.jwk])])
    const { url } = await startGateway(t, shop(backend.url, issuer.url))
    const upgrade = await rawClient(t, url)
    upgrade.write(upgradeRequest('/keyed'))
    await upgrade.untilText('HTTP/1.1 401 ')
    const twice = await rawClient(t, url)
    const field = `Authorization: Bearer ${await key.token({})}`
    twice.write(`GET /token HTTP/1.1\r\nHost: x\r\n${field}\r\n${field.replace('ann', 'bob')}\r\n\r\n`)
    await twice.untilText('HTTP/1.1 401 ')
    assert.equal(backend.requests(), 0)
  })

  test('takes forged fields out of trailers too', async (t) => {
    let trailers: readonly string[] = []
    const backend = await startBackend(t, 'a', (request, response) => {
      request.resume().on('end', () => {
        trailers = request.rawTrailers
        response.end('ok')
      })
    })
    const { url } = await startGateway(t, shop(backend.url, 'http://127.0.0.1:1/'))
    const client = await rawClient(t, url)
    client.write(
      'POST /open HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTrailer: X-Consumer, X-Sum\r\n\r\n'
    )
    client.write('1\r\na\r\n0\r\nX-Consumer: admin\r\nX_Consumer: admin\r\nX-Sum: 1\r\n\r\n')
    await client.untilText('\r\n\r\n')
    assert.deepEqual(trailers, ['X-Sum', '1'])
  })

  test('says in the access log who called, and never with what', async (t) => {
    const key = await testKey()
    const [backend, issuer] = await Promise.all([startEchoBackend(t, 'a'), startIssuer(t, [key.jwk])])
    const { log, lines, text } = collectLog('trace')
    const { url } = await startGateway(
      t,
      { ...shop(backend.url, issuer.url), log: { level: 'info' } },
      { log }
    )
    const token = await key.token({})
    await exchange(`${url}/token`, { headers: { authorization: `Bearer ${token}` } })
    await exchange(`${url}/keyed`, { headers: { 'x-api-key': KEY } })
    await exchange(`${url}/keyed`, { headers: { 'x-api-key': 'a-wrong-key' } })
    await until('all were logged', () => lines('request').length === 3)
    assert.deepEqual(
      lines('request').map(({ consumer, reason }) => [consumer, reason]),
      [
        ['ann', undefined],
        ['acme', undefined],
        [undefined, 'api_key_invalid']
      ]
    )
    for (const secret of [token, KEY, 'a-wrong-key', hashApiKey(KEY)]) assert.ok(!text().includes(secret))
  })
})
