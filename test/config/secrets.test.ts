import assert from 'node:assert/strict'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { loadConfig } from '../../src/config/load.ts'
import { errorLines, loadError } from './load-errors.ts'
import { temporaryFolder } from './temporary-folder.ts'

suite('placeholders', () => {
  test('stand for variables and files, alone or within a text', async (t) => {
    const yaml = [
      'server: { port: "${env:PORT}", workers: "${env:WORKERS}", host: "${file:secrets/host}" }',
      'log: { access: "${env:ACCESS}" }',
      'upstreams:',
      '  catalog:',
      '    backends: ["http://${env:HOST}:${env:PORT}", { url: "${env:URL}", weight: "${env:WEIGHT}" }]',
      '    healthCheck:',
      '      headers: { x-token: "Bearer ${file:secrets/token}", x-number: "${env:WEIGHT}", x-plain: "$${env:URL}" }',
      '      expect: { body: "${env:ACCESS}", status: "${env:STATUS}" }',
      ''
    ].join('\n')
    const folder = await temporaryFolder(t, {
      'gateway.yaml': yaml,
      'secrets/host': '127.0.0.1\n',
      'secrets/token': 'a\r\nb\r\n\r\n'.replaceAll('\r\nb\r\n\r\n', 'b\r\n')
    })
    const config = await loadConfig(join(folder, 'gateway.yaml'), {
      env: {
        PORT: '8081',
        WORKERS: '2',
        ACCESS: 'false',
        HOST: 'a',
        URL: 'https://b',
        WEIGHT: '7',
        STATUS: '204'
      }
    })
    assert.equal(config.server.port, 8081)
    assert.equal(config.server.workers, 2)
    assert.equal(config.server.host, '127.0.0.1')
    assert.equal(config.log.access, false)
    const [group] = config.upstreams
    assert.deepEqual(group?.backends, [
      { url: 'http://a:8081', weight: 1, tier: 0, maxInFlight: 0 },
      { url: 'https://b', weight: 7, tier: 0, maxInFlight: 0 }
    ])
    assert.deepEqual(group.healthCheck?.headers, {
      'x-token': 'Bearer ab',
      'x-number': '7',
      'x-plain': '${env:URL}'
    })
    assert.deepEqual(group.healthCheck?.expect, { status: [{ from: 204, to: 204 }], body: 'false' })
  })

  test('in keys are left as they are', async (t) => {
    const lines = await errorLines(t, { yaml: '"${env:KEY}": {}\n', env: { KEY: 'server' } })
    assert.match(lines.join('\n'), /^gateway\.yaml:1: \["\$\{env:KEY\}"\]: unknown key "\$\{env:KEY\}"/)
  })

  test('come from the environment of the process by default', async (t) => {
    const yaml =
      'upstreams: { a: { backends: ["http://a"], healthCheck: { headers: { x-path: "${env:PATH}" } } } }'
    const file = join(await temporaryFolder(t, { 'gateway.yaml': yaml }), 'gateway.yaml')
    const config = await loadConfig(file)
    assert.equal(config.upstreams[0]?.healthCheck?.headers['x-path'], process.env['PATH'])
  })
})

/** A private key as text. */
function pemOf(body: string): string {
  return `-----BEGIN PRIVATE KEY-----\n${body}\n-----END PRIVATE KEY-----\n`
}

test('an interpolated value is in no message, whatever is wrong with it', async (t) => {
  const secret = 'S3CRET'
  const wrong = [
    'server:\n  host: "${env:S}:1"\n  port: ${env:S}\n  workers: ${env:S}\n  shutdown: { delay: "${env:S}", timeout: "${env:DURATION}" }',
    '  tls:',
    '    http2: ${env:S}',
    '    certificates:',
    '      - { cert: "${env:PEM}", key: "${env:BASE64}", hosts: ["${env:HOST}", "${env:S}:1"] }',
    '      - { cert: a, key: "${file:broken.key}", hosts: ["${env:HOST}"] }',
    '  redirect: { port: "${env:S}" }',
    '  proxyProtocol: ${env:S}',
    '  limits: { headersTimeout: "${env:SHORT}", bodyLimit: "${env:S}", maxHeaderSize: "${env:SIZE}", maxHeaders: "${env:S}" }',
    'store: { type: redis, url: ["redis://:${env:S}@a:${env:S}", "${env:S}"], sentinel: { name: "${env:S} ", password: "" }, prefix: "${env:S} ", path: "${env:S}" }',
    'rateLimit:',
    '  - { name: "${env:NAME}", limit: "${env:COUNT}", per: "${env:SHORT}", cost: "${env:MORE}", allow: ["${env:S}"] }',
    '  - { name: "${env:NAME}", limit: "${env:S}", per: "${env:S}", key: ["${env:KEY}", "${env:KEY}", "${env:S}"] }',
    '  - { limit: "${env:COUNT}", per: 1s }',
    'admin: { host: "${env:S}" }',
    'log: { level: "${env:LEVEL}", access: "${env:S}" }',
    'routesDir: ${env:S}',
    'upstreams:',
    '  a:',
    '    balancing: { algorithm: random, key: "${env:KEY}" }',
    '    affinity: { cookie: "${env:S} ", ttl: "${env:SHORT}", secret: "${env:S}" }',
    '    outlierDetection: { maxEjectFor: "${env:SHORT}" }',
    '    slowStart: ${env:S}',
    '    concurrency: { min: "${env:MORE}", max: "${env:COUNT}" }',
    '    hostHeader: ${env:S}',
    '    backends: ["${env:URL}", "${env:URL}", "${env:S}", "${file:credentials}", { url: "${env:S}", weight: "${env:S}" }]',
    '    healthCheck:',
    '      method: ${env:METHOD}',
    '      path: ${env:S}',
    '      headers: { x-a: "${env:S}\\n" }',
    '      interval: ${env:SHORT}',
    '      expect: { status: ["${env:S}", "${env:RANGE}"] }',
    '    timeouts: ${env:S}',
    '    protocol: ${env:S}',
    '    tls: { verify: "${env:S}", ca: "${env:PEM}", key: "${env:BASE64}", servername: "${env:S}:1" }',
    'routes:',
    '  - { path: "${env:S}", upstream: "${env:GROUP}" }',
    '  - { path: "${env:PATHNAME}", upstream: a, methods: ["${env:METHOD}", "${env:GOOD}", "${env:GOOD}"], hosts: ["${env:S} "] }',
    '  - { path: "${env:PATHNAME}", upstream: a, rewrite: "${env:PATHNAME}/:id" }',
    '  - { path: "${env:PATHNAME}", upstream: a }',
    '  - { path: "${env:PATHNAME}/", upstream: a }',
    '  - { name: "${env:NAME}", path: /n, upstream: a, hosts: ["${env:HOST}"] }',
    '  - { name: "${env:NAME}", path: /n, upstream: a, hosts: ["${env:HOST}"] }',
    '  - { path: /s, upstream: [{ group: "${env:GROUP}" }, { group: "${env:GROUP}" }], splitBy: "${env:S}" }',
    '  - { path: /l, upstream: a, cost: "${env:MORE}", bodyLimit: "${env:SIZE}", priority: "${env:S}" }',
    '  - { path: "${env:PATHNAME}/l", upstream: a, rateLimit: [{ limit: 1, per: "${env:SHORT}" }, { limit: 1, per: 1s, name: "${env:NAME}-l" }] }',
    '  - "${env:S}"',
    ''
  ].join('\n')
  const env = {
    S: secret,
    LEVEL: `inf${secret}`,
    DURATION: `90${secret}h`,
    SHORT: '37ms',
    RANGE: '507-501',
    COUNT: '5151',
    MORE: '6161',
    SIZE: '7171GiB',
    URL: `http://${secret}.example`,
    METHOD: secret.toLowerCase(),
    GOOD: secret,
    PATHNAME: `/${secret}`,
    GROUP: `a${secret}`,
    KEY: `header:${secret}`,
    NAME: secret,
    HOST: `${secret}.example`,
    PEM: pemOf(`QUFB\n${secret}`),
    BASE64: Buffer.from(pemOf(`QUFB\n${secret}`)).toString('base64')
  }
  const folder = await temporaryFolder(t, {
    'gateway.yaml': wrong,
    credentials: `http://user:${secret}@a\n`,
    'broken.key': pemOf(secret).replaceAll('\n', ' ')
  })
  const { message, issues } = await loadError(join(folder, 'gateway.yaml'), { env })
  assert.doesNotMatch(message, /s3cret|37ms|50[17]|5151|6161|7171|BEGIN|QUFB|LS0t/i)
  assert.ok(issues.length >= 60, message)
  assert.match(message, /can never be reached: both take the same requests/)
  assert.match(message, /expected a unique name, got "\$\{env:NAME\}" again/)
})

test('a secret written into the configuration is not repeated, whatever is wrong with it', async (t) => {
  const lines = await errorLines(t, {
    yaml: [
      'upstreams:',
      '  a: { backends: [http://a], affinity: { secret: S3CRET } }',
      '  b: { backends: [http://b], affinity: { secret: 53178008 } }',
      '  c: { backends: [http://c], affinity: { secret: [S3CRET] } }',
      ''
    ].join('\n')
  })
  const expected = 'expected a secret of 16 to 4096 characters'
  assert.deepEqual(lines, [
    `gateway.yaml:2: upstreams.a.affinity.secret: ${expected}, got a text of 6`,
    `gateway.yaml:3: upstreams.b.affinity.secret: ${expected}, got a number`,
    `gateway.yaml:4: upstreams.c.affinity.secret: ${expected}, got a list`
  ])
})

test('a password written into a URL is not repeated either', async (t) => {
  const lines = await errorLines(t, {
    yaml: 'upstreams: { a: { backends: ["redis://:hunter2@a", "http://u:hunt/er2@b", "http://hunter2@c"] } }'
  })
  assert.equal(lines.length, 3)
  assert.doesNotMatch(lines.join('\n'), /hunt/)
})

test('a key written into the configuration is not repeated, wherever it stands', async (t) => {
  const secret = 'S3CRET'
  const inline = JSON.stringify(pemOf(secret))
  const folder = await temporaryFolder(t, {
    'gateway.yaml': [
      'server:',
      '  tls:',
      '    certificates:',
      `      - { cert: ${inline}, key: ${JSON.stringify(pemOf(secret).replaceAll('\n', ' '))}, hosts: [${inline}] }`,
      `      - { ${pemOf(secret).replaceAll('\n', ' ')}, ${inline}: 1, key: -----BEGIN ${secret} }`,
      `  host: ${inline}`,
      '  trustProxy:',
      `    - ${inline}`,
      '  redirect:',
      '    port: |',
      ...pemOf(secret)
        .split('\n')
        .map((line) => `      ${line}`),
      ''
    ].join('\n'),
    'unindented.yaml': `server:\n  key: |\n${pemOf(secret)}`
  })
  const { message, issues } = await loadError(join(folder, 'gateway.yaml'))
  assert.doesNotMatch(message, /S3CRET/)
  assert.match(message, /key: expected the path of a PEM file, .+, got "-----BEGIN…"/)
  assert.ok(issues.length >= 8, message)
  assert.doesNotMatch((await loadError(join(folder, 'unindented.yaml'))).message, /S3CRET/)
})

test('a key without the PEM around it is not given away', async (t) => {
  // The whole of an Ed25519 key in PKCS #8.
  const key = `MC4CAQAwBQYDK2VwBCIEI${'S3CRET'.repeat(7)}`
  const folder = await temporaryFolder(t, {
    'gateway.yaml': [
      'server:',
      '  tls:',
      '    certificates:',
      `      - { cert: a.crt, key: ${key} }`,
      `      - { cert: a.crt, key: ${JSON.stringify(`${key.slice(0, 40)}\n${key.slice(40)}`)} }`,
      ''
    ].join('\n')
  })
  const { message, issues } = await loadError(join(folder, 'gateway.yaml'))
  assert.doesNotMatch(message, /S3CRET/)
  assert.equal(issues.length, 2, message)
})
