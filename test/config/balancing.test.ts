import assert from 'node:assert/strict'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import { loadConfig } from '../../src/config/load.ts'
import { BALANCING_ALGORITHMS, type GatewayConfig } from '../../src/config/types.ts'
import { temporaryFolder } from './temporary-folder.ts'

async function load(t: TestContext, yaml: string, env = {}): Promise<GatewayConfig> {
  const folder = await temporaryFolder(t, { 'gateway.yaml': yaml })
  return await loadConfig(join(folder, 'gateway.yaml'), { env })
}

/** The first group of a configuration with these keys besides its backend. */
async function groupWith(t: TestContext, keys: string) {
  const { upstreams } = await load(t, `upstreams: { a: { backends: [http://a], ${keys} } }`)
  return upstreams[0]!
}

suite('balancing of a group', () => {
  test('is any of the algorithms, by its name or in a mapping', async (t) => {
    for (const algorithm of BALANCING_ALGORITHMS) {
      const key = algorithm.endsWith('hash') ? { key: { from: 'ip' } } : {}
      const named = await groupWith(t, `balancing: ${algorithm}`)
      const mapped = await groupWith(t, `balancing: { algorithm: ${algorithm} }`)
      assert.deepEqual(named.balancing, { algorithm, ...key })
      assert.deepEqual(mapped.balancing, { algorithm, ...key })
    }
  })

  test('by hash goes by the key that it is given', async (t) => {
    const { balancing } = await groupWith(t, 'balancing: { algorithm: hash, key: "query:user" }')
    assert.deepEqual(balancing, { algorithm: 'hash', key: { from: 'query', name: 'user' } })
  })

  test('may have its key from a placeholder', async (t) => {
    const yaml =
      'upstreams: { a: { backends: [http://a], balancing: { algorithm: hash, key: "${env:KEY}" } } }'
    const { upstreams } = await load(t, yaml, { KEY: 'cookie:sid' })
    assert.deepEqual(upstreams[0]?.balancing.key, { from: 'cookie', name: 'sid' })
  })

  test('may leave a backend to the sessions that it has', async (t) => {
    const yaml = 'upstreams: { a: { backends: [{ url: http://a, weight: 0 }, http://b] } }'
    const weights = (await load(t, yaml)).upstreams[0]?.backends.map(({ weight }) => weight)
    assert.deepEqual(weights, [0, 1])
  })
})

suite('blocks that are off unless they are there', () => {
  test('have their defaults when they are empty', async (t) => {
    const group = await groupWith(t, 'outlierDetection: {}, circuitBreaker: {}, affinity: {}')
    assert.deepEqual(group.outlierDetection, {
      consecutiveFailures: 5,
      interval: 10_000,
      ejectFor: 30_000,
      maxEjectFor: 300_000,
      maxEjectedPercent: 50,
      dryRun: false
    })
    assert.deepEqual(group.circuitBreaker, {
      failurePercent: 50,
      minRequests: 20,
      window: 10_000,
      openFor: 5000
    })
    assert.deepEqual(group.affinity, { cookie: 'xgw', ttl: 3_600_000 })
  })

  test('are absent otherwise, and a slow start of no time is none', async (t) => {
    for (const keys of ['hostHeader: backend', 'slowStart: 0s']) {
      const group = await groupWith(t, keys)
      for (const key of ['outlierDetection', 'circuitBreaker', 'affinity', 'slowStart']) {
        assert.equal(key in group, false, `${keys}: ${key}`)
      }
    }
    assert.equal((await groupWith(t, 'slowStart: 30s')).slowStart, 30_000)
  })

  test('have defaults key by key where they are always there', async (t) => {
    const group = await groupWith(t, 'queue: { max: 10 }, connections: { keepAlive: 5s }')
    assert.deepEqual(group.queue, { max: 10, timeout: 1000 })
    assert.deepEqual(group.connections, { perBackend: 128, keepAlive: 5000 })
  })

  test('a longest ejection may be as long as the first', async (t) => {
    const { outlierDetection } = await groupWith(t, 'outlierDetection: { ejectFor: 2m, maxEjectFor: 120s }')
    assert.equal(outlierDetection?.ejectFor, outlierDetection?.maxEjectFor)
  })
})

suite('splits of a route', () => {
  const GROUPS = 'upstreams: { a: { backends: [http://a] }, b: { backends: [http://b] } }\n'

  test('have weights that are 1 unless given, and may have one part or a part without new clients', async (t) => {
    const { routes } = await load(
      t,
      `${GROUPS}routes:\n` +
        '  - { path: /a, upstream: [{ group: a }, { group: b, weight: 3 }] }\n' +
        '  - { path: /b, upstream: [{ group: b, weight: 100 }] }\n' +
        '  - { path: /c, upstream: [{ group: a, weight: 100 }, { group: b, weight: 0 }], splitBy: "header:X-User" }\n'
    )
    assert.deepEqual(
      routes.map(({ upstream, splitBy }) => [upstream, splitBy]),
      [
        [
          [
            { group: 'a', weight: 1 },
            { group: 'b', weight: 3 }
          ],
          undefined
        ],
        [[{ group: 'b', weight: 100 }], undefined],
        [
          [
            { group: 'a', weight: 100 },
            { group: 'b', weight: 0 }
          ],
          { from: 'header', name: 'x-user' }
        ]
      ]
    )
  })

  test('may come from a module, whose definition stays as it was', async (t) => {
    const folder = await temporaryFolder(t, {
      'gateway.yaml': `${GROUPS}routesDir: routes\n`,
      'routes/split.ts': [
        "const parts = Object.freeze([Object.freeze({ group: 'a' }), Object.freeze({ group: 'b', weight: 2 })])",
        "export default [Object.freeze({ path: '/a', upstream: parts, splitBy: 'ip' })]",
        ''
      ].join('\n')
    })
    const [route] = (await loadConfig(join(folder, 'gateway.yaml'))).routes
    assert.deepEqual(route?.upstream, [
      { group: 'a', weight: 1 },
      { group: 'b', weight: 2 }
    ])
    assert.deepEqual(route.splitBy, { from: 'ip' })
  })
})
