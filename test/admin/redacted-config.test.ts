import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { redactedConfig } from '../../src/admin/redacted-config.ts'
import { loadConfig } from '../../src/config/load.ts'
import { temporaryFolder } from '../config/temporary-folder.ts'

test('a configuration is shown with its defaults and without its secrets', async (t) => {
  const folder = await temporaryFolder(t, {
    'gateway.yaml': [
      'admin: { tokens: [{ name: ann, token: SECRET-1 }, SECRET-2] }',
      'tracing: { otlp: "http://u:SECRET-10@collector:4318/own?key=SECRET-11", headers: { x-key: SECRET-12 } }',
      'store: { type: redis, url: ["redis://user:SECRET-3@cache:6379/1", "redis://user:SECRET-3@second/1"], sentinel: { name: shop, password: SECRET-9 } }',
      `auth: { apiKeys: { p: [{ name: acme, hash: "${'5ec4e7'.repeat(10)}5ec4" }] }, jwt: { i: { issuer: x, audience: y, jwks: "https://id/jwks?key=SECRET-4" } } }`,
      'upstreams:',
      '  a:',
      '    backends: [http://a]',
      '    affinity: { secret: SECRET-5-of-sixteen-letters }',
      '    healthCheck: { headers: { authorization: SECRET-6 } }',
      'routes:',
      '  - { path: /, upstream: a, headers: { request: { set: { x-key: SECRET-7 } } } }',
      ''
    ].join('\n')
  })
  const config = await loadConfig(join(folder, 'gateway.yaml'))
  const pem = '-----BEGIN PRIVATE KEY-----\nSECRET-8\n-----END PRIVATE KEY-----\n'
  const [group] = config.upstreams
  const shown = redactedConfig({
    ...config,
    upstreams: [{ ...group!, tls: { verify: true, key: pem, cert: '/etc/tls/a.crt' } }]
  })
  const text = JSON.stringify(shown)
  assert.doesNotMatch(text, /SECRET|5ec4e7/)
  // What is no secret is there, by its name.
  for (const part of [
    '"ann"',
    '//[redacted]@cache:6379/1',
    '//[redacted]@second/1',
    '"name":"shop"',
    'https://id/jwks?[redacted]',
    '//[redacted]@collector:4318/own?[redacted]',
    '"x-key"',
    '"response":30000',
    '/etc/tls/a.crt'
  ])
    assert.ok(text.includes(part), part)
})

test('a password with an @ in it is secret as a whole, and a path with one is no secret', async (t) => {
  const store = (url: string): string => `store: { type: redis, url: "${url}" }`
  const folder = await temporaryFolder(t, {
    'one.yaml': [
      store('redis://user:SEC@RET@cache:6379/1'),
      'auth: { jwt: { i: { issuer: x, audience: y, jwks: "https://id/tenant@shop//a@b/jwks?a@b" } } }',
      'tracing: { otlp: "https://u:SECRET@SECRET@collector:4318/own@x?key=SECRET" }',
      ''
    ].join('\n'),
    'others.yaml':
      'store: { type: redis, url: ["redis://us@er:SECRET@[::1]", "redis://us@er:SECRET@second"] }\n'
  })
  const shown = await Promise.all(
    ['one', 'others'].map(async (name) => redactedConfig(await loadConfig(join(folder, `${name}.yaml`))))
  )
  const text = JSON.stringify(shown)
  assert.doesNotMatch(text, /SEC|RET|user|us@er/)
  for (const part of [
    'redis://[redacted]@cache:6379/1"',
    'redis://[redacted]@[::1]"',
    'redis://[redacted]@second"',
    'https://id/tenant@shop//a@b/jwks?[redacted]',
    'https://[redacted]@collector:4318/own@x?[redacted]'
  ])
    assert.ok(text.includes(part), part)
})
