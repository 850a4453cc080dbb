import assert from 'node:assert/strict'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { loadConfig } from '../../src/config/load.ts'
import { DEFAULT_GROUP, DEFAULT_LIMITS } from '../helpers/config-defaults.ts'
import { temporaryFolder } from './temporary-folder.ts'

suite('a configuration that says everything', () => {
  const FULL = [
    'server: { host: "::", port: 0, workers: 4, trustProxy: [10.0.0.0/8, "::1"], proxyProtocol: true,',
    '  tls: { certificates: [{ cert: a.crt, key: a.key, hosts: [A.example] }], http2: false }, redirect: { port: 80, httpsPort: 443 },',
    '  limits: { requestTimeout: 1h, maxConnectionsPerIp: 100, bodyLimit: 0 },',
    '  stallTimeout: 500ms, shutdown: { delay: 250ms, timeout: 1m } }',
    'admin: { host: "::", port: 0, tokens: [a-token, { name: night-watch, token: another }] }',
    'log: { level: silent, format: pretty, access: { sample: 0.25, slow: 0s } }',
    'tracing: { otlp: "https://u:p@collector", sample: 0, parentBased: false, service: shop, headers: { x-key: k } }',
    'docs: { enabled: false, path: /.well-known/api }',
    'store: { type: redis, url: rediss://u:p@cache:1/2, prefix: shop, path: state }',
    'rateLimit: { limit: 100, per: 1s, key: [ip, path], allow: [10.0.0.0/8] }',
    'upstreams:',
    '  catalog:',
    '    balancing: { algorithm: hash, key: "header:X-User-Id" }',
    '    backends:',
    '      - HTTPS://Catalog.Example:443/',
    '      - { url: "http://[::1]:3001", weight: 1000, tier: 15, maxInFlight: 1000000 }',
    '    hostHeader: backend',
    '    healthCheck:',
    '      type: tcp',
    '      path: /healthz?deep=1',
    '      port: 9000',
    '      method: HEAD',
    '      headers: { x-probe: gateway }',
    '      interval: 100ms',
    '      timeout: 1ms',
    '      healthyAfter: 1',
    '      unhealthyAfter: 100',
    '      expect: { status: [200, "204", 300-399], body: ok }',
    '      initially: unhealthy',
    '    outlierDetection: { consecutiveFailures: 1000, interval: 100ms, ejectFor: 1ms, maxEjectFor: 1ms,',
    '      maxEjectedPercent: 100, dryRun: true }',
    '    circuitBreaker: { failurePercent: 100, minRequests: 1, window: 100ms, openFor: 1ms }',
    '    concurrency: { mode: static, max: 7 }',
    '    slowStart: 24h',
    '    affinity: { cookie: __Host-shop, ttl: 168h, secret: sixteen letters! }',
    '    queue: { max: 1000000, timeout: 1ms }',
    '    panicThreshold: 100',
    '    connections: { perBackend: 65535, keepAlive: 0s }',
    '    protocol: h2',
    '    tls: { verify: false, ca: ca.crt, cert: b.crt, key: b.key, servername: catalog.internal }',
    '    forwardedHeader: true',
    '    openapi: /v2/openapi.yaml?all',
    '    retry: { attempts: 3, on: [timeout, "503", 502], methods: [POST], budgetPercent: 0, bodyBuffer: 1MiB }',
    '    timeouts: { connect: 0s, response: 24h, idle: 1m, total: 10s }',
    '  orders: { openapi: /o, balancing: least-connections, backends: [http://o], healthCheck: { expect: { status: 204 } } }',
    'routes:',
    '  - name: Products_1',
    '    path: /api/:version/products/',
    '    methods: [GET, M-SEARCH]',
    '    hosts: [API.example.com, "*.example.org"]',
    '    upstream: [{ group: catalog, weight: 0 }, { group: orders }]',
    '    splitBy: cookie:Sid',
    '    rewrite: /:version/p/',
    '    mode: buffered',
    '    rateLimit: [{ limit: 1, per: 1m, burst: 9, cost: 2, dryRun: true, maxKeys: 10, name: slow }]',
    '    cost: 50',
    '    priority: sheddable',
    '    bodyLimit: 1MiB',
    '    headers: { request: { set: { X-Shop: eu }, remove: [Cookie] }, response: { remove: [Server] } }',
    '    validateRequests: true',
    '    retry: { attempts: 1 }',
    '    timeouts: { response: 5s }',
    '  - { path: /, upstream: orders }',
    ''
  ].join('\n')

  test('has its durations in milliseconds, its names in one form, and its lines', async (t) => {
    const folder = await temporaryFolder(t, { 'gateway.yaml': FULL })
    const file = join(folder, 'gateway.yaml')
    assert.deepEqual(await loadConfig(file), {
      file,
      server: {
        host: '::',
        port: 0,
        workers: 4,
        trustProxy: ['10.0.0.0/8', '::1'],
        proxyProtocol: true,
        tls: {
          certificates: [{ cert: join(folder, 'a.crt'), key: join(folder, 'a.key'), hosts: ['a.example'] }],
          http2: false
        },
        redirect: { port: 80, httpsPort: 443 },
        limits: { ...DEFAULT_LIMITS, requestTimeout: 3_600_000, maxConnectionsPerIp: 100, bodyLimit: 0 },
        stallTimeout: 500,
        shutdown: { delay: 250, timeout: 60_000 }
      },
      admin: {
        host: '::',
        port: 0,
        tokens: [
          { name: 'token-1', token: 'a-token' },
          { name: 'night-watch', token: 'another' }
        ]
      },
      log: { level: 'silent', format: 'pretty', access: { sample: 0.25, slow: 0 } },
      tracing: {
        otlp: 'https://u:p@collector/v1/traces',
        sample: 0,
        parentBased: false,
        service: 'shop',
        headers: { 'x-key': 'k' }
      },
      docs: { enabled: false, path: '/.well-known/api' },
      store: { type: 'redis', url: 'rediss://u:p@cache:1/2', prefix: 'shop', path: join(folder, 'state') },
      rateLimit: [
        {
          name: 'gateway',
          limit: 100,
          per: 1000,
          burst: 100,
          key: [{ from: 'ip' }, { from: 'path' }],
          cost: 1,
          dryRun: false,
          allow: ['10.0.0.0/8'],
          maxKeys: 100_000
        }
      ],
      upstreams: [
        {
          name: 'catalog',
          balancing: { algorithm: 'hash', key: { from: 'header', name: 'x-user-id' } },
          backends: [
            { url: 'https://catalog.example', weight: 1, tier: 0, maxInFlight: 0 },
            { url: 'http://[::1]:3001', weight: 1000, tier: 15, maxInFlight: 1_000_000 }
          ],
          hostHeader: 'backend',
          healthCheck: {
            type: 'tcp',
            path: '/healthz?deep=1',
            port: 9000,
            method: 'HEAD',
            headers: { 'x-probe': 'gateway' },
            interval: 100,
            timeout: 1,
            healthyAfter: 1,
            unhealthyAfter: 100,
            expect: {
              status: [
                { from: 200, to: 200 },
                { from: 204, to: 204 },
                { from: 300, to: 399 }
              ],
              body: 'ok'
            },
            initially: 'unhealthy'
          },
          outlierDetection: {
            consecutiveFailures: 1000,
            interval: 100,
            ejectFor: 1,
            maxEjectFor: 1,
            maxEjectedPercent: 100,
            dryRun: true
          },
          circuitBreaker: { failurePercent: 100, minRequests: 1, window: 100, openFor: 1 },
          concurrency: { mode: 'static', min: 7, max: 7 },
          slowStart: 86_400_000,
          affinity: { cookie: '__Host-shop', ttl: 604_800_000, secret: 'sixteen letters!' },
          queue: { max: 1_000_000, timeout: 1 },
          panicThreshold: 100,
          connections: { perBackend: 65_535, keepAlive: 0 },
          protocol: 'h2',
          tls: {
            verify: false,
            ca: join(folder, 'ca.crt'),
            cert: join(folder, 'b.crt'),
            key: join(folder, 'b.key'),
            servername: 'catalog.internal'
          },
          forwardedHeader: true,
          openapi: '/v2/openapi.yaml?all',
          retry: {
            attempts: 3,
            on: ['timeout', 503, 502],
            methods: ['POST'],
            budgetPercent: 0,
            bodyBuffer: 1_048_576
          },
          timeouts: { connect: 0, response: 86_400_000, idle: 60_000, total: 10_000 }
        },
        {
          name: 'orders',
          ...DEFAULT_GROUP,
          balancing: { algorithm: 'least-connections' },
          backends: [{ url: 'http://o', weight: 1, tier: 0, maxInFlight: 0 }],
          healthCheck: {
            type: 'http',
            path: '/',
            method: 'GET',
            headers: {},
            interval: 2000,
            timeout: 1000,
            healthyAfter: 2,
            unhealthyAfter: 3,
            expect: { status: [{ from: 204, to: 204 }] }
          },
          openapi: '/o'
        }
      ],
      routes: [
        {
          name: 'Products_1',
          path: '/api/:version/products',
          methods: ['GET', 'M-SEARCH'],
          hosts: ['api.example.com', '*.example.org'],
          upstream: [
            { group: 'catalog', weight: 0 },
            { group: 'orders', weight: 1 }
          ],
          splitBy: { from: 'cookie', name: 'Sid' },
          rewrite: '/:version/p/',
          mode: 'buffered',
          rateLimit: [
            {
              name: 'slow',
              limit: 1,
              per: 60_000,
              burst: 9,
              key: [{ from: 'ip' }],
              cost: 2,
              dryRun: true,
              allow: [],
              maxKeys: 10
            }
          ],
          cost: 50,
          priority: 'sheddable',
          bodyLimit: 1_048_576,
          headers: {
            request: { set: { 'x-shop': 'eu' }, remove: ['cookie'] },
            response: { set: {}, remove: ['server'] }
          },
          validateRequests: true,
          retry: { attempts: 1 },
          timeouts: { response: 5000 },
          source: `${file}:47`
        },
        { name: 'root', path: '/', upstream: 'orders', mode: 'stream', source: `${file}:63` }
      ]
    })
  })

  test('is plain data that a thread can be given', async (t) => {
    const file = join(await temporaryFolder(t, { 'gateway.yaml': FULL }), 'gateway.yaml')
    const config = await loadConfig(file)
    assert.deepEqual(structuredClone(config), config)
    assert.deepEqual(JSON.parse(JSON.stringify(config)), config)
  })
})
