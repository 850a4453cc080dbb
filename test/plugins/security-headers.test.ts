import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { FastifyInstance } from 'fastify'
import cors from '../../plugins/cors.ts'
import securityHeaders from '../../plugins/security-headers.ts'
import { startBackend } from '../helpers/backend.ts'
import { exchange } from '../helpers/exchange.ts'
import { CORS, preflightFields, SHOP } from '../access/cors.ts'
import { route } from '../routing/routes.ts'
import { group } from '../upstreams/groups.ts'
import { plainApp } from './plain-app.ts'

const ROUTES = [
  route('/safe', { securityHeaders: { frameOptions: 'deny', referrerPolicy: false } }),
  route('/buffered', { securityHeaders: {}, mode: 'buffered' }),
  route('/away', { securityHeaders: {}, upstream: 'away' }),
  route('/pages', { securityHeaders: {}, cors: CORS }),
  route('/plain')
]

/** An app in front of a backend that has opinions of its own. */
async function secured(t: TestContext): Promise<{ app: FastifyInstance; url: string }> {
  const { url } = await startBackend(t, 'a', (_request, response) => {
    response.setHeader('X-Frame-Options', 'ALLOWALL').setHeader('Referrer-Policy', 'unsafe-url')
    response.setHeader('X-Powered-By', 'PHP').end('a')
  })
  const away = group('away', ['127.0.0.1:1'], { retry: { ...group('', []).retry, attempts: 1 } })
  const upstreams = [group('g', [url.slice('http://'.length)]), away]
  return await plainApp(t, {
    upstreams,
    routes: ROUTES,
    own: async (app) => {
      await app.register(securityHeaders)
      await app.register(cors)
    }
  })
}

test('security headers', async (t) => {
  const { app, url } = await secured(t)

  await t.test("replace the backend's, which does not say what it runs on", async () => {
    const { headers, body } = await exchange(`${url}/safe`)
    assert.equal(body, 'a')
    assert.equal(headers['x-frame-options'], 'DENY')
    assert.equal(headers['x-content-type-options'], 'nosniff')
    assert.equal(headers['strict-transport-security'], 'max-age=31536000; includeSubDomains')
    assert.equal('x-powered-by' in headers, false)
  })

  await t.test("that are switched off leave the backend's as it is", async () => {
    const { headers } = await exchange(`${url}/safe`)
    assert.equal(headers['referrer-policy'], 'unsafe-url')
  })

  await t.test('stand in a buffered response once', async () => {
    const { headers } = await exchange(`${url}/buffered`)
    assert.equal(headers['x-frame-options'], 'SAMEORIGIN')
    assert.equal(headers['referrer-policy'], 'no-referrer')
    assert.equal('x-powered-by' in headers, false)
  })

  await t.test("stand in the gateway's own answers, preflights included", async () => {
    const error = await app.inject('/away')
    assert.equal(error.statusCode, 502)
    assert.equal(error.headers['x-frame-options'], 'SAMEORIGIN')
    const asked = await app.inject({ method: 'OPTIONS', url: '/pages', headers: preflightFields(SHOP) })
    assert.equal(asked.statusCode, 204)
    assert.equal(asked.headers['x-content-type-options'], 'nosniff')
  })

  await t.test('are no affair of other routes', async () => {
    const { headers } = await exchange(`${url}/plain`)
    assert.equal(headers['x-frame-options'], 'ALLOWALL')
    assert.equal(headers['x-powered-by'], 'PHP')
    assert.equal('x-content-type-options' in headers, false)
  })
})
