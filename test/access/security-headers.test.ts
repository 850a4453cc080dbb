import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type Fields, securityHeaders } from '../../src/access/security-headers.ts'
import type { SecurityHeadersConfig } from '../../src/config/types.ts'
import { route } from '../routing/routes.ts'

async function fieldsOf(...configs: readonly SecurityHeadersConfig[]): Promise<Fields[]> {
  const routes = configs.map((each, index) => route(`/${index}`, { securityHeaders: each }))
  const fields = await securityHeaders([...routes, route('/none')])
  assert.equal(fields.size, configs.length)
  return routes.map((each) => fields.get(each)!)
}

const DEFAULTS = {
  'content-security-policy':
    "default-src 'self';base-uri 'self';font-src 'self' https: data:;form-action 'self';frame-ancestors 'self';" +
    "img-src 'self' data:;object-src 'none';script-src 'self';script-src-attr 'none';" +
    "style-src 'self' https: 'unsafe-inline';upgrade-insecure-requests",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'origin-agent-cluster': '?1',
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'x-content-type-options': 'nosniff',
  'x-dns-prefetch-control': 'off',
  'x-download-options': 'noopen',
  'x-frame-options': 'SAMEORIGIN',
  'x-permitted-cross-domain-policies': 'none',
  'x-xss-protection': '0'
}

suite('security headers', { concurrency: true }, () => {
  test("that nothing is said of are helmet's", async () => {
    const [fields] = await fieldsOf({})
    assert.deepEqual(fields, DEFAULTS)
  })

  const named = {
    contentSecurityPolicy: 'content-security-policy',
    strictTransportSecurity: 'strict-transport-security',
    frameOptions: 'x-frame-options',
    referrerPolicy: 'referrer-policy',
    crossOriginOpenerPolicy: 'cross-origin-opener-policy',
    crossOriginResourcePolicy: 'cross-origin-resource-policy',
    crossOriginEmbedderPolicy: 'cross-origin-embedder-policy'
  } as const

  test('that are switched off are left out, each for itself', async () => {
    const keys = Object.keys(named) as (keyof typeof named)[]
    const fields = await fieldsOf(...keys.map((key) => ({ [key]: false })))
    for (const [index, key] of keys.entries()) {
      const { [named[key] as keyof typeof DEFAULTS]: _, ...others } = DEFAULTS
      assert.deepEqual(fields[index], others, key)
    }
  })

  test('say what is configured', async () => {
    const [fields] = await fieldsOf({
      contentSecurityPolicy: {
        'default-src': ["'none'"],
        'connect-src': ['https://api.example.com', 'wss:'],
        sandbox: []
      },
      strictTransportSecurity: { maxAge: 3_600_999, includeSubDomains: false, preload: true },
      frameOptions: 'deny',
      referrerPolicy: 'same-origin',
      crossOriginOpenerPolicy: 'unsafe-none',
      crossOriginResourcePolicy: 'cross-origin',
      crossOriginEmbedderPolicy: 'require-corp'
    })
    const { 'content-security-policy': policy, ...others } = fields!
    const directives = policy!.split(';')
    assert.ok(directives.includes("default-src 'none'"))
    assert.ok(directives.includes('connect-src https://api.example.com wss:'))
    assert.ok(directives.includes('sandbox'))
    assert.ok(directives.includes("object-src 'none'"), 'the other directives stay')
    assert.deepEqual(others, {
      ...Object.fromEntries(Object.entries(DEFAULTS).slice(1)),
      'strict-transport-security': 'max-age=3600; preload',
      'x-frame-options': 'DENY',
      'referrer-policy': 'same-origin',
      'cross-origin-opener-policy': 'unsafe-none',
      'cross-origin-resource-policy': 'cross-origin',
      'cross-origin-embedder-policy': 'require-corp'
    })
  })

  test('are asked for once for routes that say the same', async () => {
    const [first, second, third] = await fieldsOf({ frameOptions: 'deny' }, {}, { frameOptions: 'deny' })
    assert.equal(first, third)
    assert.notEqual(first, second)
  })

  test('that helmet refuses make no app', async () => {
    await assert.rejects(fieldsOf({ contentSecurityPolicy: { 'default-src': ['self'] } }), /should be quoted/)
  })
})
