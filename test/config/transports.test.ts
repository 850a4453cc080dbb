import assert from 'node:assert/strict'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { loadConfig } from '../../src/config/load.ts'
import { temporaryFolder } from './temporary-folder.ts'

const CERT = '-----BEGIN CERTIFICATE-----\nQUFB\n-----END CERTIFICATE-----'
const KEY = '-----BEGIN PRIVATE KEY-----\nQkJC\n-----END PRIVATE KEY-----'

suite('TLS of the public listener', () => {
  test('has HTTP/2 on, its paths absolute and its hosts in lower case', async (t) => {
    const folder = await temporaryFolder(t, {
      'gateway.yaml': [
        'server:',
        '  tls:',
        '    certificates:',
        '      - { cert: tls/shop.crt, key: ../shop.key, hosts: [Shop.example.com, "*.example.com"] }',
        '      - { cert: /etc/tls/other.crt, key: "${env:KEYS}/other.key" }',
        ''
      ].join('\n')
    })
    const { server } = await loadConfig(join(folder, 'gateway.yaml'), { env: { KEYS: '/run/keys' } })
    assert.deepEqual(server.tls, {
      certificates: [
        {
          cert: join(folder, 'tls/shop.crt'),
          key: join(folder, '../shop.key'),
          hosts: ['shop.example.com', '*.example.com']
        },
        { cert: '/etc/tls/other.crt', key: '/run/keys/other.key' }
      ],
      http2: true
    })
    assert.ok(!('redirect' in server))
  })

  test('takes PEM text from a file, a variable and the configuration itself, without what stands before it', async (t) => {
    const folder = await temporaryFolder(t, {
      'gateway.yaml': [
        'server:',
        '  tls:',
        '    http2: false',
        '    certificates:',
        '      - cert: ${file:secrets/shop.crt}',
        '        key: ${env:SHOP_KEY}',
        '      - cert: |',
        ...CERT.split('\n').map((line) => `          ${line}`),
        '        key: other.key',
        ''
      ].join('\n'),
      'secrets/shop.crt': `Bag Attributes\n    friendlyName: shop\n${CERT}\n${CERT}\n`
    })
    const { server } = await loadConfig(join(folder, 'gateway.yaml'), { env: { SHOP_KEY: `${KEY}\n` } })
    assert.deepEqual(server.tls, {
      certificates: [
        { cert: `${CERT}\n${CERT}`, key: `${KEY}\n` },
        { cert: `${CERT}\n`, key: join(folder, 'other.key') }
      ],
      http2: false
    })
  })

  test('may have a redirect, on port 8081 unless another is named', async (t) => {
    const yaml = (redirect: string) =>
      `server: { tls: { certificates: [{ cert: a, key: b }] }, redirect: ${redirect} }`
    const folder = await temporaryFolder(t, { 'a.yaml': yaml('{}'), 'b.yaml': yaml('{ port: 0 }') })
    assert.deepEqual((await loadConfig(join(folder, 'a.yaml'))).server.redirect, { port: 8081 })
    assert.deepEqual((await loadConfig(join(folder, 'b.yaml'))).server.redirect, { port: 0 })
  })

  test('shares port 0 with every listener, because that is any free port', async (t) => {
    const yaml =
      'server: { port: 0, tls: { certificates: [{ cert: a, key: b }] }, redirect: { port: 0 } }\nadmin: { port: 0 }\n'
    const file = join(await temporaryFolder(t, { 'gateway.yaml': yaml }), 'gateway.yaml')
    assert.equal((await loadConfig(file)).server.redirect?.port, 0)
  })

  test('the redirect may share a port with the admin listener on addresses that do not overlap', async (t) => {
    const yaml =
      'server: { host: 127.0.0.2, tls: { certificates: [{ cert: a, key: b }] }, redirect: { port: 9090 } }\n'
    const file = join(await temporaryFolder(t, { 'gateway.yaml': yaml }), 'gateway.yaml')
    assert.equal((await loadConfig(file)).server.redirect?.port, 9090)
  })
})

test('PROXY protocol is taken from those that trustProxy names', async (t) => {
  const yaml = 'server: { proxyProtocol: true, trustProxy: [10.0.0.0/8] }'
  const file = join(await temporaryFolder(t, { 'gateway.yaml': yaml }), 'gateway.yaml')
  const { proxyProtocol, trustProxy } = (await loadConfig(file)).server
  assert.deepEqual({ proxyProtocol, trustProxy }, { proxyProtocol: true, trustProxy: ['10.0.0.0/8'] })
})

suite('TLS to backends', () => {
  test('verifies by default, also for a group with some plain backends', async (t) => {
    const yaml = 'upstreams: { a: { backends: [http://a, https://b], protocol: h2, tls: {} } }'
    const file = join(await temporaryFolder(t, { 'gateway.yaml': yaml }), 'gateway.yaml')
    const [group] = (await loadConfig(file)).upstreams
    assert.equal(group?.protocol, 'h2')
    assert.deepEqual(group.tls, { verify: true })
  })

  test('may have an authority, a certificate and a name of its own', async (t) => {
    const folder = await temporaryFolder(t, {
      'gateway.yaml': [
        'upstreams:',
        '  a:',
        '    backends: [{ url: HTTPS://10.0.0.1 }]',
        '    tls: { verify: false, ca: ca.crt, cert: gateway.crt, key: "${env:KEY}", servername: Catalog.internal }',
        ''
      ].join('\n')
    })
    const [group] = (await loadConfig(join(folder, 'gateway.yaml'), { env: { KEY } })).upstreams
    assert.deepEqual(group?.tls, {
      verify: false,
      ca: join(folder, 'ca.crt'),
      cert: join(folder, 'gateway.crt'),
      key: KEY,
      servername: 'catalog.internal'
    })
  })
})

test('a route streams unless it is buffered, and the definitions of a module stay as they were', async (t) => {
  const folder = await temporaryFolder(t, {
    'gateway.yaml': [
      'upstreams: { a: { backends: [http://a] } }',
      'routes: [{ path: /a, upstream: a }, { path: /b, upstream: a, mode: buffered }]',
      'routesDir: routes',
      ''
    ].join('\n'),
    'routes/c.ts': [
      "const c = Object.freeze({ path: '/c', upstream: 'a' })",
      "export default [c, { path: '/d', upstream: 'a', mode: 'buffered' }]",
      ''
    ].join('\n')
  })
  const { routes } = await loadConfig(join(folder, 'gateway.yaml'))
  assert.deepEqual(
    routes.map(({ path, mode }) => [path, mode]),
    [
      ['/a', 'stream'],
      ['/b', 'buffered'],
      ['/c', 'stream'],
      ['/d', 'buffered']
    ]
  )
})
