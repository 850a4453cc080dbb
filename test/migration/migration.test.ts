import '../helpers/compile-cache.ts'
import assert from 'node:assert/strict'
import { Agent } from 'node:https'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import { temporaryFolder } from '../config/temporary-folder.ts'
import type { TestBackend } from '../helpers/backend.ts'
import { createAuthority } from '../helpers/certificates.ts'
import { exchange } from '../helpers/exchange.ts'
import { until } from '../helpers/until.ts'
import { type Proxy, startHaproxy, startNginx, startOurs, startStock } from './proxies.ts'
import { type Ask, ask, HOST, startServer } from './shop.ts'

/** All of them in front of the same four servers. */
async function startAll(t: TestContext) {
  const authority = await createAuthority()
  const { cert, key } = await authority.issue([HOST])
  const folder = await temporaryFolder(t, { 'a.crt': cert, 'a.key': key, 'a.pem': cert + key })
  const files = { cert: join(folder, 'a.crt'), key: join(folder, 'a.key'), both: join(folder, 'a.pem') }
  const names = ['catalog-1', 'catalog-2', 'orders-1', 'orders-2']
  const servers = await Promise.all(names.map((name) => startServer(t, name)))
  const addresses = servers.map(({ port }) => `127.0.0.1:${port}`)
  const starts = [startOurs, startNginx, startHaproxy, startStock]
  const proxies = await Promise.all(starts.map((start) => start(t, addresses, files)))
  return { proxies, servers, ca: authority.ca }
}

/** What all must agree about: of the answer, and of what the server saw. */
async function comparable(proxy: Proxy, path: string, options: Ask): Promise<unknown> {
  const { status, headers, seen } = await ask(proxy.https, path, options)
  const own = seen && {
    service: seen.server.replace(/-\d$/, ''),
    method: seen.method,
    target: seen.target,
    bytes: seen.bytes,
    'x-shop': seen.headers['x-shop'],
    'x-internal': seen.headers['x-internal'],
    // Stock http-proxy makes none.
    ...(proxy.name !== 'stock' && {
      host: seen.headers['host'],
      'x-forwarded-for': seen.headers['x-forwarded-for'],
      'x-forwarded-proto': seen.headers['x-forwarded-proto']
    })
  }
  const fields = seen && [headers['x-frame-options'], headers['x-powered-by']]
  return { status, own, fields }
}

suite('the example of docs/migration.md, in all proxies that are here', () => {
  test('is the same to clients and to servers', async (t) => {
    const { proxies, servers, ca } = await startAll(t)
    const [ours, nginx, haproxy, stock] = proxies as [Proxy, Proxy, Proxy, Proxy]
    const balanced = [ours, nginx, haproxy]

    const forged = { 'x-internal': 'admin', 'x-shop': 'mine', 'x-forwarded-for': '192.0.2.1' }
    for (const [what, path, options] of [
      ['the prefix itself', '/api/products', {}],
      ['a path below it with a query', '/api/products/42?q=a%20b&q=2', {}],
      ['letters that are encoded', '/api/products/a%C3%BC', {}],
      ['fields that clients may not say', '/api/products/1', { headers: forged }],
      ['another service, whose path stays', '/api/orders/7', {}],
      ['a body', '/api/orders', { method: 'POST', body: 'x'.repeat(5_000) }],
      ['a path that only begins alike', '/api/productsale', {}],
      ['what nobody serves', '/nowhere', {}]
    ] as const) {
      await t.test(what, async () => {
        const expected = await comparable(ours, path, { ...options, ca })
        for (const other of [nginx, haproxy]) {
          assert.deepEqual(await comparable(other, path, { ...options, ca }), expected, other.name)
        }
        const { status, own, fields } = expected as { status: number; own?: object; fields?: unknown }
        // It passes on what clients say of where they come from.
        const partly =
          own && Object.fromEntries(Object.entries(own).filter(([name]) => !/^(?:host|x-for)/.test(name)))
        assert.deepEqual(
          await comparable(stock, path, { ...options, ca }),
          { status, own: partly, fields },
          'stock'
        )
      })
    }

    await t.test('a body that is too large', async () => {
      for (const proxy of balanced) {
        const { status } = await ask(proxy.https, '/api/orders', {
          ca,
          method: 'POST',
          body: 'x'.repeat(1024 ** 2 + 1)
        })
        assert.equal(status, 413, proxy.name)
      }
    })

    await t.test('paths that they read in different ways, as the page says', async () => {
      const targets = async (path: string): Promise<unknown[]> => {
        const answers = await Promise.all(balanced.map(({ https }) => ask(https, path, { ca })))
        return answers.map(({ status, seen }) => seen?.target ?? status)
      }
      const encoded = '/products/a%2Fb'
      assert.deepEqual(await targets(`/api${encoded}`), [encoded, '/products/a/b', encoded])
      assert.deepEqual(await targets('/api/products//a'), ['/products//a', '/products/a', '/products//a'])
      const dots = '/products/x/../y'
      assert.deepEqual(await targets(`/api${dots}`), [400, '/products/y', dots])
    })

    await t.test('plain HTTP', async () => {
      for (const proxy of balanced) {
        const { status, headers } = await exchange(`${proxy.http}/api/products/1?a=b`, {
          headers: { host: HOST }
        })
        assert.deepEqual([status, headers.location], [308, `https://${HOST}/api/products/1?a=b`], proxy.name)
      }
    })

    await t.test('a customer who stays at a server', async () => {
      for (const proxy of balanced) {
        const { headers, seen } = await ask(proxy.https, '/api/orders/1', { ca })
        const cookie = headers['set-cookie']?.map((each) => each.split(';', 1)[0]).join('; ') ?? ''
        assert.equal(cookie.startsWith('shop='), proxy.name !== 'nginx', proxy.name)
        for (let turn = 0; turn < 4; turn++) {
          const again = await ask(proxy.https, '/api/orders/1', { ca, headers: { cookie } })
          assert.equal(again.seen?.server, seen?.server, proxy.name)
          assert.equal(again.seen?.headers['cookie'] ?? '', proxy.name === 'nginx' ? cookie : '', proxy.name)
        }
      }
    })

    await t.test('one server dead, and then all', async () => {
      const [first, second] = servers as [TestBackend, TestBackend]
      await first.kill()
      for (const proxy of balanced) {
        for (let turn = 0; turn < 4; turn++) {
          const { status, seen } = await ask(proxy.https, '/api/products/1', { ca })
          assert.deepEqual([status, seen?.server], [200, 'catalog-2'], proxy.name)
        }
      }
      const { status } = await ask(stock.https, '/api/products/1', { ca })
      assert.equal(status, 500)
      await second.kill()
      await until(
        'the probes have seen it',
        async () => (await ask(ours.https, '/api/products/1', { ca })).status === 503
      )
      const answers = await Promise.all(balanced.map(({ https }) => ask(https, '/api/products/1', { ca })))
      assert.deepEqual(
        answers.map((each) => [each.status, 'retry-after' in each.headers]),
        [
          [503, true],
          [502, false],
          [503, false]
        ]
      )
    })

    await t.test('more than a client may', async () => {
      for (const proxy of balanced) {
        const agent = new Agent({ keepAlive: true, maxSockets: 4 })
        const statuses = new Set<number>()
        for (let sent = 0; sent < 2_000 && !statuses.has(429); sent += 20) {
          const batch = Array.from({ length: 20 }, () => ask(proxy.https, '/api/orders/1', { ca, agent }))
          for (const { status } of await Promise.all(batch)) statuses.add(status)
        }
        agent.destroy()
        assert.deepEqual([...statuses], [200, 429], proxy.name)
      }
    })
  })
})
