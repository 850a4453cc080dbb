import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { findSecrets, registerSecretsOf } from './helpers/secret-scan.ts'

suite('the scan of logs', () => {
  for (const [what, line] of [
    ['a bearer token', '{"authorization":"Bearer abc"}'],
    ['basic credentials', '{"authorization":"Basic dXNlcjpwYXNz"}'],
    ['a JWT', 'token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln'],
    ['a private key', '-----BEGIN RSA PRIVATE KEY-----'],
    ['a private key', '{"key":"-----BEGIN PRIVATE KEY-----\\nMC4C"}'],
    ['a password in a URL', '{"url":"redis://user:pass@cache:6379"}'],
    ['a password in a URL', 'could not connect to rediss://:pass@cache'],
    ['a cookie', '{"cookie":"session=1"}'],
    ['a cookie', 'Set-Cookie: xgw=abc'],
    ['a secret', '{"path":"/a?token=query-secret"}']
  ] as const) {
    test(`finds ${what}: ${line.slice(0, 30)}`, () => assert.deepEqual(findSecrets(line), [what]))
  }

  test('finds what is secret in a configuration, wherever it is', () => {
    registerSecretsOf({
      admin: { tokens: ['token-of-ann', { name: 'night-watch', token: 'token-of-the-watch' }] },
      store: {
        type: 'redis',
        url: ['redis://:word-of-redis@cache'],
        sentinel: { name: 'm', password: 'word-of-sentinel' }
      },
      tracing: { otlp: 'http://u:word-of-collector@c', headers: { 'x-key': 'field-for-collector' } },
      auth: { apiKeys: { partners: [{ name: 'acme', hash: 'sha256:0123456789' }] } },
      server: {
        tls: {
          certificates: [{ cert: '/etc/a.crt', key: '-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2Vw\n' }]
        }
      },
      upstreams: {
        catalog: {
          affinity: { secret: 'sixteen letters!' },
          balancing: { key: 'header:x-user-id' },
          healthCheck: { headers: { 'x-probe': 'field-for-backend' } }
        }
      }
    })
    for (const text of [
      'token-of-ann',
      'token-of-the-watch',
      'word-of-redis',
      'word-of-sentinel',
      'word-of-collector',
      'field-for-collector',
      'sha256:0123456789',
      'MC4CAQAwBQYDK2Vw',
      'sixteen letters!',
      'field-for-backend'
    ])
      assert.deepEqual(findSecrets(`{"x":"${text}"}`), ['a secret of the configuration'], text)
  })

  test('finds nothing in a plain line', () => {
    for (const line of [
      '{"level":30,"requestId":"a-1","traceId":"0af7651916cd43dd8448eb211c80319c","path":"/api","msg":"request"}',
      '{"operator":"night-watch","key":"header:x-user-id","key2":"/etc/a.crt"}',
      '{"url":"redis://[redacted]@cache:6379","file":"/var/affinity-secret"}',
      '{"path":"upstreams.a.affinity.cookie: expected a name"}',
      'WWW-Authenticate: Bearer realm="xecureapi"'
    ])
      assert.deepEqual(findSecrets(line), [], line)
  })
})
