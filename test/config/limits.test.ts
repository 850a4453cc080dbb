import assert from 'node:assert/strict'
import { dirname, join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import { loadConfig } from '../../src/config/load.ts'
import type { GatewayConfig } from '../../src/config/types.ts'
import { DEFAULT_LIMITS, defaultStore } from '../helpers/config-defaults.ts'
import { errorLines } from './load-errors.ts'
import { temporaryFolder } from './temporary-folder.ts'

async function load(t: TestContext, yaml: string, env = {}): Promise<GatewayConfig> {
  const folder = await temporaryFolder(t, { 'gateway.yaml': yaml })
  return await loadConfig(join(folder, 'gateway.yaml'), { env })
}

/** The first route of a configuration with these keys besides path and group. */
async function routeWith(t: TestContext, keys: string) {
  const yaml = `upstreams: { a: { backends: [http://a] } }\nroutes: [{ path: /api/a, upstream: a, ${keys} }]\n`
  const { routes } = await load(t, yaml)
  return routes[0]!
}

async function concurrencyOf(t: TestContext, keys: string) {
  const { upstreams } = await load(t, `upstreams: { a: { backends: [http://a], concurrency: { ${keys} } } }`)
  return upstreams[0]?.concurrency
}

async function serverLimits(t: TestContext, keys: string) {
  return (await load(t, `server: { limits: { ${keys} } }`)).server.limits
}

const LIMIT_DEFAULTS = {
  limit: 10,
  per: 1000,
  burst: 10,
  key: [{ from: 'ip' }],
  cost: 1,
  dryRun: false,
  allow: [],
  maxKeys: 100_000
}

suite('rate limits', () => {
  test('are none unless they are there, of the gateway as well as of a route', async (t) => {
    assert.deepEqual((await load(t, '{}')).rateLimit, [])
    const route = await routeWith(t, 'mode: stream')
    for (const key of ['rateLimit', 'cost', 'priority', 'bodyLimit']) assert.equal(key in route, false, key)
  })

  test('that say only limit and period have the defaults, and the name of what they are for', async (t) => {
    const { rateLimit } = await load(t, 'rateLimit: { limit: 10, per: 1s }')
    assert.deepEqual(rateLimit, [{ name: 'gateway', ...LIMIT_DEFAULTS }])
    const route = await routeWith(t, 'rateLimit: { limit: 10, per: 1s }')
    assert.deepEqual(route.rateLimit, [{ name: 'api-a', ...LIMIT_DEFAULTS }])
  })

  test('of a list are named by their place, unless they say their name', async (t) => {
    const limit = '{ limit: 10, per: 1s }'
    const { rateLimit } = await load(
      t,
      `rateLimit: [${limit}, { limit: 10, per: 1s, name: second }, ${limit}, ${limit}]`
    )
    assert.deepEqual(
      rateLimit.map(({ name }) => name),
      ['gateway', 'second', 'gateway-3', 'gateway-4']
    )
    const route = await routeWith(t, `name: shop, rateLimit: [${limit}, ${limit}]`)
    assert.deepEqual(
      route.rateLimit?.map(({ name }) => name),
      ['shop', 'shop-2']
    )
  })

  test('may say everything, up to the ends of the ranges', async (t) => {
    const { rateLimit } = await load(
      t,
      [
        'rateLimit:',
        '  - { name: A_1, limit: 1000000000, per: 24h, burst: 1000000000, cost: 1000000, maxKeys: 10000000,',
        '      key: [ip, "header:X-Key", "cookie:Sid", "query:User", path], dryRun: true, allow: [10.0.0.0/8, "::1"] }',
        '  - { limit: 1, per: 1ms, burst: 1, cost: 1, maxKeys: 1, key: "header:X-User", allow: [] }',
        ''
      ].join('\n')
    )
    assert.deepEqual(rateLimit, [
      {
        name: 'A_1',
        limit: 1_000_000_000,
        per: 86_400_000,
        burst: 1_000_000_000,
        key: [
          { from: 'ip' },
          { from: 'header', name: 'x-key' },
          { from: 'cookie', name: 'Sid' },
          { from: 'query', name: 'User' },
          { from: 'path' }
        ],
        cost: 1_000_000,
        dryRun: true,
        allow: ['10.0.0.0/8', '::1'],
        maxKeys: 10_000_000
      },
      {
        ...LIMIT_DEFAULTS,
        name: 'gateway-2',
        limit: 1,
        per: 1,
        burst: 1,
        key: [{ from: 'header', name: 'x-user' }],
        maxKeys: 1
      }
    ])
  })

  test('may have a burst that is smaller than the limit, and all of it as the cost', async (t) => {
    const { rateLimit } = await load(t, 'rateLimit: { limit: 1000, per: 1m, burst: 5, cost: 5 }')
    assert.deepEqual([rateLimit[0]?.burst, rateLimit[0]?.cost], [5, 5])
  })

  test('may have their numbers and keys from placeholders', async (t) => {
    const yaml =
      'rateLimit: { limit: "${env:LIMIT}", per: "${env:PER}", key: "${env:KEY}", dryRun: "${env:DRY}" }'
    const env = { LIMIT: '7', PER: '1m', KEY: 'cookie:sid', DRY: 'true' }
    const [limit] = (await load(t, yaml, env)).rateLimit
    assert.deepEqual(limit, {
      ...LIMIT_DEFAULTS,
      name: 'gateway',
      limit: 7,
      burst: 7,
      per: 60_000,
      key: [{ from: 'cookie', name: 'sid' }],
      dryRun: true
    })
  })

  test('may come from a module, whose definition stays as it was', async (t) => {
    const folder = await temporaryFolder(t, {
      'gateway.yaml': 'upstreams: { a: { backends: [http://a] } }\nroutesDir: routes\n',
      'routes/limited.ts': [
        "const rateLimit = Object.freeze({ limit: 10, per: '1s', key: Object.freeze(['ip']) })",
        "const rest = { cost: 3, priority: 'sheddable', bodyLimit: '0B' }",
        "export default [Object.freeze({ path: '/a', upstream: 'a', rateLimit, ...rest })]",
        ''
      ].join('\n')
    })
    const [route] = (await loadConfig(join(folder, 'gateway.yaml'))).routes
    assert.deepEqual(route?.rateLimit, [{ name: 'a', ...LIMIT_DEFAULTS }])
    assert.deepEqual([route.cost, route.priority, route.bodyLimit], [3, 'sheddable', 0])
  })

  test('of the gateway may be used up by one request of a route, but not by less than one', async (t) => {
    const yaml = (cost: number) =>
      'rateLimit: [{ limit: 100, per: 1s, burst: 20, cost: 3 }, { limit: 7, per: 1s }]\n' +
      `upstreams: { a: { backends: [http://a] } }\nroutes: [{ path: /, upstream: a, cost: ${cost} }]\n`
    assert.equal((await load(t, yaml(6))).routes[0]?.cost, 6)
    assert.deepEqual(await errorLines(t, { yaml: yaml(7) }), [
      "gateway.yaml:3: routes[0].cost: expected at most 6, what the gateway's rateLimit lets through at once, got 7"
    ])
  })
})

suite('what a route asks of the gateway', () => {
  test('is its cost, its priority and its own body limit', async (t) => {
    const route = await routeWith(t, 'cost: 1000000, priority: critical, bodyLimit: 1024GiB')
    assert.deepEqual([route.cost, route.priority, route.bodyLimit], [1_000_000, 'critical', 1024 ** 4])
  })

  test('may be bodies of any size', async (t) => {
    for (const any of ['0', '0B', '0MiB']) {
      assert.equal((await routeWith(t, `bodyLimit: ${any}`)).bodyLimit, 0, any)
    }
  })

  test('may be normal, which is also said by saying nothing', async (t) => {
    // The schema puts no default in: a priority that is there was written.
    assert.equal((await routeWith(t, 'priority: normal')).priority, 'normal')
  })
})

suite('concurrency of a group', () => {
  test('has its defaults when it is empty, and is absent otherwise', async (t) => {
    assert.deepEqual(await concurrencyOf(t, ''), { mode: 'adaptive', min: 20, max: 1000 })
    const { upstreams } = await load(t, 'upstreams: { a: { backends: [http://a] } }')
    assert.equal('concurrency' in upstreams[0]!, false)
  })

  test('may be one at a time, or a million', async (t) => {
    assert.deepEqual(await concurrencyOf(t, 'min: 1, max: 1'), { mode: 'adaptive', min: 1, max: 1 })
    const most = { mode: 'adaptive', min: 1_000_000, max: 1_000_000 }
    assert.deepEqual(await concurrencyOf(t, 'min: 1000000, max: 1000000'), most)
  })

  test('never begins above its end: the default of min gives way', async (t) => {
    assert.deepEqual(await concurrencyOf(t, 'max: 5'), { mode: 'adaptive', min: 5, max: 5 })
    assert.deepEqual(await concurrencyOf(t, 'mode: static, max: 5'), { mode: 'static', min: 5, max: 5 })
  })
})

suite('limits of the listener', () => {
  test('are the same whether the file is silent or empty there', async (t) => {
    assert.deepEqual((await load(t, '{}')).server.limits, DEFAULT_LIMITS)
    assert.deepEqual(await serverLimits(t, ''), DEFAULT_LIMITS)
  })

  test('may all be given, in milliseconds and bytes', async (t) => {
    const limits = await serverLimits(
      t,
      'headersTimeout: 100ms, requestTimeout: 24h, keepAliveTimeout: 100ms, sendTimeout: 1m, maxConnections: 1000000, ' +
        'maxConnectionsPerIp: 1, maxHeaderSize: 1MiB, maxHeaders: 2000, bodyLimit: 1B, maxEventLoopDelay: 10ms'
    )
    assert.deepEqual(limits, {
      headersTimeout: 100,
      requestTimeout: 86_400_000,
      keepAliveTimeout: 100,
      sendTimeout: 60_000,
      maxConnections: 1_000_000,
      maxConnectionsPerIp: 1,
      maxHeaderSize: 1024 ** 2,
      maxHeaders: 2000,
      bodyLimit: 1,
      maxEventLoopDelay: 10
    })
  })

  test('may mostly be none', async (t) => {
    const none =
      'requestTimeout: 0s, sendTimeout: 0ms, maxConnections: 0, maxConnectionsPerIp: 0, bodyLimit: 0, maxEventLoopDelay: 0s'
    assert.deepEqual(await serverLimits(t, none), {
      ...DEFAULT_LIMITS,
      requestTimeout: 0,
      sendTimeout: 0,
      maxConnections: 0,
      bodyLimit: 0,
      maxEventLoopDelay: 0
    })
  })

  test('give the head no more time than the whole request: the default of headersTimeout gives way', async (t) => {
    assert.equal((await serverLimits(t, 'requestTimeout: 500ms')).headersTimeout, 500)
    assert.equal((await serverLimits(t, 'requestTimeout: 10s, headersTimeout: 10s')).headersTimeout, 10_000)
    assert.equal((await serverLimits(t, 'requestTimeout: 0s, headersTimeout: 5m')).headersTimeout, 300_000)
  })

  test('may have a body limit from a placeholder, also none', async (t) => {
    const yaml = 'server: { limits: { bodyLimit: "${env:BODY}", maxConnections: "${env:COUNT}" } }'
    const { limits } = (await load(t, yaml, { BODY: '5MiB', COUNT: '0' })).server
    assert.deepEqual([limits.bodyLimit, limits.maxConnections], [5 * 1024 ** 2, 0])
    assert.equal((await load(t, yaml, { BODY: '0', COUNT: '1' })).server.limits.bodyLimit, 0)
  })
})

suite('the store', () => {
  test('is a folder beside the file', async (t) => {
    for (const yaml of ['{}', 'store: {}', 'store: { type: file }']) {
      const { file, store } = await load(t, yaml)
      assert.deepEqual(store, defaultStore(dirname(file)), yaml)
    }
  })

  test('may be another folder', async (t) => {
    assert.deepEqual((await load(t, 'store: { path: /var/lib/xgw }')).store, {
      type: 'file',
      path: '/var/lib/xgw'
    })
    const { file, store } = await load(t, 'store: { path: ../state }')
    assert.equal(store.path, join(dirname(file), '../state'))
  })

  test('may be a Redis, with a folder still for what stays on this machine', async (t) => {
    const { file, store } = await load(t, 'store: { type: redis, url: redis://cache }')
    const { path } = defaultStore(dirname(file))
    assert.deepEqual(store, { type: 'redis', url: 'redis://cache', prefix: 'xgw', path })
  })

  test('may be a cluster, or what sentinels watch over', async (t) => {
    const yaml = (more: string) => `store: { type: redis, url: [redis://:p@a, "redis://b:1"]${more} }`
    const { file, store } = await load(t, yaml(''))
    const url = ['redis://:p@a', 'redis://b:1']
    assert.deepEqual(store, { type: 'redis', url, prefix: 'xgw', path: defaultStore(dirname(file)).path })
    const watched = (
      await load(t, yaml(', sentinel: { name: shop, password: "${env:WATCH}" }'), { WATCH: 'w' })
    ).store
    assert.ok(watched.type === 'redis')
    assert.deepEqual([watched.url, watched.sentinel], [url, { name: 'shop', password: 'w' }])
    // One URL: one sentinel, and a database is possible.
    const one = (await load(t, 'store: { type: redis, url: redis://a/3, sentinel: { name: shop } }')).store
    assert.ok(one.type === 'redis')
    assert.deepEqual([one.url, one.sentinel], ['redis://a/3', { name: 'shop' }])
  })

  test('has all of its URL as it was written, secrets included', async (t) => {
    const yaml =
      'store: { type: redis, url: "rediss://shop:${env:PASSWORD}@[::1]:6380/15", prefix: "shop:eu_1", path: s }'
    const { file, store } = await load(t, yaml, { PASSWORD: 'p%40ss' })
    const url = 'rediss://shop:p%40ss@[::1]:6380/15'
    assert.deepEqual(store, { type: 'redis', url, prefix: 'shop:eu_1', path: join(dirname(file), 's') })
  })
})
