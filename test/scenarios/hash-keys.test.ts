import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startBackends } from '../helpers/backend.ts'
import { exchange, type ExchangeOptions } from '../helpers/exchange.ts'
import { startGateway } from '../helpers/gateway.ts'
import { exchangeHttp2 } from '../helpers/http2-client.ts'
import { startHttp2Lab } from '../helpers/http2-lab.ts'

/** What a request of a client looks like, and how it may look otherwise without being another client's. */
const KEYS: Readonly<Record<string, (client: number, time: number) => { path: string } & ExchangeOptions>> = {
  'header:X-User-Id': (client, time) => ({
    path: `?time=${time}`,
    headers: { 'x-user-id': `u${client}`, 'x-time': String(time) }
  }),
  'cookie:sid': (client, time) => ({ path: '', headers: { cookie: `time=${time}; sid=u${client}` } }),
  'query:user': (client, time) => ({ path: `?time=${time}&user=u${client}` }),
  path: (client, time) => ({ path: `/items/u${client}?time=${time}` }),
  ip: (client, time) => ({
    path: '',
    headers: { 'x-forwarded-for': `203.0.113.${time}, 198.51.100.${client}, 127.0.0.2` }
  })
}

for (const workers of [0, 2]) {
  test(`a hash sends a client to the same backend each time, with ${workers} workers`, async (t) => {
    const backends = (await startBackends(t, 5)).map(({ url }) => url)
    const keys = Object.keys(KEYS)
    const { url } = await startGateway(
      t,
      {
        server: { trustProxy: ['127.0.0.0/8'] },
        upstreams: Object.fromEntries(
          keys.map((key, index) => [`by-${index}`, { balancing: { algorithm: 'hash', key }, backends }])
        ),
        routes: keys.map((_, index) => ({ path: `/${index}`, upstream: `by-${index}`, rewrite: '/same' }))
      },
      { workers }
    )
    for (const [index, key] of keys.entries()) {
      await t.test(`by ${key}`, async () => {
        const ask = async (client: number, time: number): Promise<string> => {
          const { path, ...options } = KEYS[key]!(client, time)
          const { status, body } = await exchange(`${url}/${index}${path}`, options)
          assert.equal(status, 200)
          return body
        }
        // One after the other: the bound on loads moves nobody.
        const homes = new Set<string>()
        for (let client = 0; client < 8; client++) {
          const home = await ask(client, 0)
          homes.add(home)
          for (let time = 1; time < 4; time++) assert.equal(await ask(client, time), home)
        }
        assert.ok(homes.size > 1)
      })
    }
  })
}

test('ip-hash goes by the address, and a request without the key of a hash is served all the same', async (t) => {
  const backends = (await startBackends(t, 3)).map(({ url }) => url)
  const { url } = await startGateway(t, {
    upstreams: {
      address: { balancing: 'ip-hash', backends },
      user: { balancing: { algorithm: 'hash', key: 'header:x-user-id' }, backends }
    },
    routes: [
      { path: '/address', upstream: 'address' },
      { path: '/user', upstream: 'user' }
    ]
  })
  const served = new Set<string>()
  for (let time = 0; time < 6; time++) served.add((await exchange(`${url}/address`)).body)
  assert.equal(served.size, 1)
  for (let time = 0; time < 6; time++) assert.equal((await exchange(`${url}/user`)).status, 200)
})

test('over HTTP/2 a cookie that came in crumbs is the same key', async (t) => {
  const backends = (await startBackends(t, 5)).map(({ url }) => url)
  const lab = await startHttp2Lab(t, {
    upstreams: { lab: { balancing: { algorithm: 'hash', key: 'cookie:sid' }, backends } },
    routes: [{ path: '/', upstream: 'lab' }]
  })
  const ask = async (cookie: string | string[]): Promise<string> => {
    const head = { ':path': '/', ':authority': 'localhost' }
    const { body } = await exchangeHttp2(lab.session, { ...head, cookie })
    return body.toString()
  }
  for (let client = 0; client < 10; client++) {
    assert.equal(await ask(['a=1', `sid=${client}`, 'b=2']), await ask(`sid=${client}`))
  }
})
