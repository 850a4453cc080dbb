import assert from 'node:assert/strict'
import { createServer } from 'node:http2'
import { test } from 'node:test'
import type { FastifyServerOptions } from 'fastify'
import cors from '../../plugins/cors.ts'
import securityHeaders from '../../plugins/security-headers.ts'
import { CORS, preflightFields, SHOP } from '../access/cors.ts'
import { startBackend } from '../helpers/backend.ts'
import { exchangeHttp2, http2Client, valuesIn } from '../helpers/http2-client.ts'
import { route } from '../routing/routes.ts'
import { group } from '../upstreams/groups.ts'
import { plainApp } from './plain-app.ts'

test('clients of HTTP/2 get the same answers', async (t) => {
  const backend = await startBackend(t, 'a', (_request, response) => {
    response.setHeader('Access-Control-Allow-Origin', '*').setHeader('Vary', 'Accept').end('a')
  })
  const serverFactory = ((handler: Parameters<typeof createServer>[1]) =>
    createServer(handler)) as unknown as NonNullable<FastifyServerOptions['serverFactory']>
  const { url } = await plainApp(t, {
    upstreams: [group('g', [backend.url.slice('http://'.length)])],
    routes: [route('/', { methods: ['GET', 'POST'], cors: CORS, securityHeaders: {} })],
    options: { serverFactory, forceCloseConnections: false },
    own: async (app) => {
      await app.register(securityHeaders)
      await app.register(cors)
    }
  })
  const session = await http2Client(t, url)
  const asked = await exchangeHttp2(session, { ':method': 'OPTIONS', ...preflightFields(SHOP, 'POST') })
  assert.deepEqual([asked.status, asked.rstCode, asked.body.length], [204, 0, 0])
  assert.deepEqual(valuesIn(asked.headers, 'access-control-allow-origin'), [SHOP])
  assert.deepEqual(valuesIn(asked.headers, 'content-length'), [])
  const withBody = { ':method': 'OPTIONS', ...preflightFields(SHOP, 'POST') }
  const uploaded = await exchangeHttp2(session, withBody, { body: 'x'.repeat(100_000) })
  assert.deepEqual([uploaded.status, uploaded.rstCode], [204, 0])
  assert.equal(backend.requests(), 0)

  const { status, headers } = await exchangeHttp2(session, { origin: SHOP })
  assert.equal(status, 200)
  assert.deepEqual(valuesIn(headers, 'access-control-allow-origin'), [SHOP])
  assert.deepEqual(valuesIn(headers, 'vary'), ['Accept, Origin'])
  assert.deepEqual(valuesIn(headers, 'x-frame-options'), ['SAMEORIGIN'])
})
