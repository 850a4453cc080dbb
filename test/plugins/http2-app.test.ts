import assert from 'node:assert/strict'
import { constants, createServer } from 'node:http2'
import { test, type TestContext } from 'node:test'
import type { FastifyInstance, FastifyServerOptions } from 'fastify'
import { statusOf } from '../../src/telemetry/access-log.ts'
import { startBackend } from '../helpers/backend.ts'
import { exchangeHttp2, http2Client, readHttp2 } from '../helpers/http2-client.ts'
import { until } from '../helpers/until.ts'
import { route } from '../routing/routes.ts'
import { group } from '../upstreams/groups.ts'
import { plainApp } from './plain-app.ts'

/** Ends of requests as the app's observers see them. */
type Ends = [method: string, status: number, reason: string | undefined][]

/** An ordinary Fastify app over HTTP/2 by prior knowledge. */
async function http2App(
  t: TestContext,
  backend: string
): Promise<{ app: FastifyInstance; url: string; ends: Ends }> {
  const ends: Ends = []
  const serverFactory = ((handler: Parameters<typeof createServer>[1]) =>
    createServer(handler)) as unknown as NonNullable<FastifyServerOptions['serverFactory']>
  const { app, url } = await plainApp(t, {
    upstreams: [group('catalog', [backend.slice('http://'.length)])],
    routes: [route('/', { upstream: 'catalog' })],
    options: { serverFactory, forceCloseConnections: false },
    own: (own) => {
      own.observeRequests((request, reply) => {
        ends.push([request.method, statusOf(reply), request.record.reason])
      })
      own.get('/own', () => ({ own: true }))
    }
  })
  return { app, url, ends }
}

test('the plugins work in an app over HTTP/2, its own routes included', async (t) => {
  const backend = await startBackend(t, 'a')
  const { url, ends } = await http2App(t, backend.url)
  const session = await http2Client(t, url)
  const own = await exchangeHttp2(session, { ':path': '/own' })
  assert.deepEqual([own.status, String(own.body)], [200, '{"own":true}'])
  const forwarded = await exchangeHttp2(session, { ':path': '/x', ':method': 'POST' }, { body: 'b' })
  assert.deepEqual([forwarded.status, String(forwarded.body)], [200, 'a'])
  const refused = await exchangeHttp2(session, { ':path': '/a/../b' })
  assert.equal(refused.status, 400)
  await until('all are over', () => ends.length === 3)
})

test('every request is over once, however it ends', async (t) => {
  let held = 0
  const backend = await startBackend(t, 'a', (request) => {
    held++
    request.resume()
  })
  const { app, url, ends } = await http2App(t, backend.url)
  const session = await http2Client(t, url)
  for (const method of ['GET', 'HEAD', 'DELETE']) {
    const before = held
    const stream = session.request({ ':method': method })
    const response = readHttp2(stream)
    await until('the backend has it', () => held > before)
    stream.close(constants.NGHTTP2_CANCEL)
    await response
    await until('it is over', () => ends.length === held)
    assert.deepEqual(ends.at(-1), [method, 499, 'client_gone'])
  }
  await until('nothing is in flight', () =>
    app.upstreams.get('catalog')!.backends.every(({ inFlight }) => inFlight === 0)
  )
  assert.equal(ends.length, 3)
})
