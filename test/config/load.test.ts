import assert from 'node:assert/strict'
import { dirname, join } from 'node:path'
import { suite, test } from 'node:test'
import { loadConfig } from '../../src/config/load.ts'
import type { GatewayConfig } from '../../src/config/types.ts'
import { DEFAULT_GROUP, DEFAULT_LIMITS, defaultStore } from '../helpers/config-defaults.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** Those that do not depend on where the file is. */
const DEFAULTS: Omit<GatewayConfig, 'file' | 'store'> = {
  server: {
    host: '0.0.0.0',
    port: 8080,
    workers: 'auto',
    trustProxy: [],
    proxyProtocol: false,
    stallTimeout: 30_000,
    limits: DEFAULT_LIMITS,
    shutdown: { delay: 5000, timeout: 25_000 }
  },
  admin: { host: '127.0.0.1', port: 9090, tokens: [] },
  log: { level: 'info', format: 'auto', access: { sample: 1, slow: 1000 } },
  docs: { enabled: true, path: '/docs' },
  rateLimit: [],
  upstreams: [],
  routes: []
}

suite('a configuration that says little has the defaults', () => {
  test('an empty mapping is a whole configuration', async (t) => {
    const file = join(await temporaryFolder(t, { 'gateway.yaml': '{}' }), 'gateway.yaml')
    assert.deepEqual(await loadConfig(file), { file, ...DEFAULTS, store: defaultStore(dirname(file)) })
  })

  test('a group with one backend, and a route to it', async (t) => {
    const yaml = [
      'upstreams:',
      '  catalog:',
      '    backends: [http://10.0.0.11:3001]',
      'routes:',
      '  - path: /api/products',
      '    upstream: catalog',
      ''
    ]
    const file = join(await temporaryFolder(t, { 'gateway.yaml': yaml.join('\n') }), 'gateway.yaml')
    assert.deepEqual(await loadConfig(file), {
      file,
      ...DEFAULTS,
      store: defaultStore(dirname(file)),
      upstreams: [
        {
          name: 'catalog',
          ...DEFAULT_GROUP,
          backends: [{ url: 'http://10.0.0.11:3001', weight: 1, tier: 0, maxInFlight: 0 }]
        }
      ],
      routes: [
        {
          name: 'api-products',
          path: '/api/products',
          upstream: 'catalog',
          mode: 'stream',
          source: `${file}:5`
        }
      ]
    })
  })

  test('a present health check is filled in, an absent one stays absent', async (t) => {
    const yaml = [
      'upstreams:',
      '  a: { backends: [http://a], healthCheck: {} }',
      '  b: { backends: [http://b] }',
      ''
    ]
    const file = join(await temporaryFolder(t, { 'gateway.yaml': yaml.join('\n') }), 'gateway.yaml')
    const [a, b] = (await loadConfig(file)).upstreams
    assert.deepEqual(a?.healthCheck, {
      type: 'http',
      path: '/',
      method: 'GET',
      headers: {},
      interval: 2000,
      timeout: 1000,
      healthyAfter: 2,
      unhealthyAfter: 3,
      expect: { status: [{ from: 200, to: 299 }] }
    })
    assert.ok(b && !('healthCheck' in b))
  })

  test('one configuration does not change the defaults of the next', async (t) => {
    const folder = await temporaryFolder(t, {
      'a.yaml': 'server: { shutdown: { delay: 0s } }',
      'b.yaml': 'server: {}'
    })
    const first = await loadConfig(join(folder, 'a.yaml'))
    const second = await loadConfig(join(folder, 'b.yaml'))
    assert.deepEqual(first.server.shutdown, { delay: 0, timeout: 25_000 })
    assert.deepEqual(second.server, DEFAULTS.server)
  })
})
