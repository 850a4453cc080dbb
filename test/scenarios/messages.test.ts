import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seenRequest, startEchoBackend } from '../helpers/echo-backend.ts'
import { exchange } from '../helpers/exchange.ts'
import { startGateway, WORKER_COUNTS } from '../helpers/gateway.ts'

for (const workers of WORKER_COUNTS) {
  test(`routes and header fields are as configured, with ${workers} workers`, async (t) => {
    const [catalog, other] = [await startEchoBackend(t, 'catalog'), await startEchoBackend(t, 'other')]
    const { url } = await startGateway(
      t,
      {
        upstreams: {
          catalog: { backends: [catalog.url] },
          own: { backends: [catalog.url], hostHeader: 'backend' },
          other: { backends: [other.url] }
        },
        routes: [
          { path: '/api/products', upstream: 'catalog', rewrite: '/products' },
          { path: '/api/products/:id/reviews', upstream: 'other', rewrite: '/reviews/:id' },
          { path: '/kept', upstream: 'catalog' },
          { path: '/own-host', upstream: 'own' },
          { path: '/by-host', hosts: ['*.example.com'], upstream: 'other' },
          { path: '/by-host', hosts: ['api.example.com'], upstream: 'catalog' }
        ]
      },
      { workers }
    )
    const ask = async (path: string, headers: Record<string, string> = {}) =>
      seenRequest((await exchange(`${url}${path}`, { headers })).body)

    await t.test('a prefix is kept, or rewritten, with the query as it came', async () => {
      assert.equal((await ask('/kept/a%2Fb?q=%20x&q=2')).target, '/kept/a%2Fb?q=%20x&q=2')
      assert.equal((await ask('/api/products')).target, '/products')
      assert.equal((await ask('/api/products/42?full')).target, '/products/42?full')
    })

    await t.test('a prefix ends on a segment boundary', async () => {
      assert.equal((await exchange(`${url}/api/productsandmore`)).status, 404)
      assert.equal((await exchange(`${url}/kep`)).status, 404)
    })

    await t.test('parameters match one segment and go into the rewritten path', async () => {
      const seen = await ask('/api/products/42/reviews/latest')
      assert.deepEqual([seen.backend, seen.target], ['other', '/reviews/42/latest'])
    })

    await t.test('the most exact host wins, its port and case aside', async () => {
      assert.equal((await ask('/by-host', { host: 'API.example.com:8080' })).backend, 'catalog')
      assert.equal((await ask('/by-host', { host: 'shop.example.com' })).backend, 'other')
      assert.equal((await exchange(`${url}/by-host`, { headers: { host: 'example.org' } })).status, 404)
    })

    await t.test('the backend sees the client’s Host, or its own', async () => {
      assert.deepEqual((await ask('/kept', { host: 'shop.example.com' })).headers.host, ['shop.example.com'])
      assert.deepEqual((await ask('/own-host', { host: 'shop.example.com' })).headers.host, [
        new URL(catalog.url).host
      ])
    })

    await t.test('X-Forwarded-* and Via say who asked, whatever the client claims', async () => {
      const { headers } = await ask('/kept', {
        host: 'shop.example.com',
        via: '1.1 cdn',
        'x-forwarded-for': '203.0.113.9',
        'x-forwarded-proto': 'https',
        'x-forwarded-host': 'bank.example.com'
      })
      assert.deepEqual(headers['x-forwarded-for'], ['127.0.0.1'])
      assert.deepEqual(headers['x-forwarded-proto'], ['http'])
      assert.deepEqual(headers['x-forwarded-host'], ['shop.example.com'])
      assert.deepEqual(headers.via, ['1.1 cdn', '1.1 xecureapi'])
    })

    await t.test('a plain X-Request-Id is kept on both sides, any other is replaced', async () => {
      const kept = await exchange(`${url}/kept`, { headers: { 'x-request-id': 'order-7.a_b' } })
      assert.equal(kept.headers['x-request-id'], 'order-7.a_b')
      assert.deepEqual(seenRequest(kept.body).headers['x-request-id'], ['order-7.a_b'])
      const ids = new Set<unknown>()
      for (const claimed of ['with space', 'x'.repeat(129), 'a/b']) {
        const made = await exchange(`${url}/kept`, { headers: { 'x-request-id': claimed } })
        const id = made.headers['x-request-id']
        assert.match(String(id), /^[A-Za-z0-9._-]{1,128}$/)
        assert.deepEqual(seenRequest(made.body).headers['x-request-id'], [id])
        ids.add(id)
      }
      assert.equal(ids.size, 3)
    })

    await t.test('hop-by-hop fields of the client end here', async () => {
      const { headers } = await ask('/kept', {
        connection: 'keep-alive, X-Hop',
        'x-hop': '1',
        'keep-alive': 'timeout=9',
        'proxy-authorization': 'Basic x',
        'proxy-connection': 'keep-alive',
        te: 'trailers, deflate',
        authorization: 'Bearer mine',
        'x-end-to-end': '2'
      })
      for (const gone of ['x-hop', 'keep-alive', 'proxy-authorization', 'proxy-connection']) {
        assert.equal(headers[gone], undefined, gone)
      }
      assert.deepEqual(headers.te, ['trailers'])
      assert.deepEqual(headers.authorization, ['Bearer mine'])
      assert.deepEqual(headers['x-end-to-end'], ['2'])
    })

    await t.test('hop-by-hop fields of the backend end here', async () => {
      const { headers } = await exchange(`${url}/kept`, { headers: { connection: 'keep-alive' } })
      for (const gone of ['x-internal', 'proxy-authenticate']) assert.equal(headers[gone], undefined, gone)
      assert.notEqual(headers['keep-alive'], 'timeout=5')
      assert.equal(headers['x-public'], 'yes')
      assert.deepEqual(headers['set-cookie'], ['a=1', 'b=2'])
    })
  })
}
