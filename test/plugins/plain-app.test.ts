import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { describe, test } from 'node:test'
import type { UpstreamGroupConfig } from '../../src/config/types.ts'
import { HEALTH_PATH, startBackend, startBackends, type TestBackend } from '../helpers/backend.ts'
import { until } from '../helpers/until.ts'
import { route } from '../routing/routes.ts'
import { check, group } from '../upstreams/groups.ts'
import { plainApp } from './plain-app.ts'

function catalogOf(
  backends: readonly TestBackend[],
  more: Partial<UpstreamGroupConfig> = {}
): UpstreamGroupConfig {
  const hosts = backends.map(({ url }) => url.slice('http://'.length))
  return group('catalog', hosts, more)
}

const PRODUCTS = route('/api/products', { upstream: 'catalog', rewrite: '/products' })

describe('the plugins in an ordinary Fastify app', { concurrency: 2 }, () => {
  test('forward what a route takes, in turns over the backends', async (t) => {
    const backends = await startBackends(t, 3)
    const { url, app } = await plainApp(t, { upstreams: [catalogOf(backends)], routes: [PRODUCTS] })
    const answers: string[] = []
    for (let count = 0; count < 6; count++) answers.push(await (await fetch(`${url}/api/products/1`)).text())
    assert.equal(answers.join(''), 'abcabc')
    const inFlight = (): number[] => app.upstreams.get('catalog')!.backends.map((each) => each.inFlight)
    await until('all have ended', () => inFlight().every((count) => count === 0))
  })

  test('pass method, path, query, header and body on, and the answer back', async (t) => {
    const seen: string[] = []
    const backend = await startBackend(t, 'a', (incoming, response) => {
      const { method, url, headers } = incoming
      let body = ''
      incoming.setEncoding('utf8').on('data', (text: string) => (body += text))
      incoming.on('end', () => {
        seen.push(`${method} ${url} ${String(headers['x-mine'])} ${headers['content-type']} ${body}`)
        response.writeHead(201, { 'x-theirs': 'yes', 'content-type': 'application/json' }).end('{"made":1}')
      })
    })
    const { url } = await plainApp(t, { upstreams: [catalogOf([backend])], routes: [PRODUCTS] })
    // No valid JSON: nobody on the way may care.
    const response = await fetch(`${url}/api/products/a%20b?q=%C3%A4`, {
      method: 'POST',
      body: '{"a": 1,,}',
      headers: { 'x-mine': '1', 'content-type': 'application/json' }
    })
    assert.deepEqual(seen, ['POST /products/a%20b?q=%C3%A4 1 application/json {"a": 1,,}'])
    assert.deepEqual([response.status, response.headers.get('x-theirs')], [201, 'yes'])
    assert.equal(await response.text(), '{"made":1}')
  })

  test("leave the app's own routes, parsers and hooks alone", async (t) => {
    const [backend] = await startBackends(t, 1)
    const { url } = await plainApp(t, {
      upstreams: [catalogOf([backend!])],
      routes: [PRODUCTS, route('/own/below', { upstream: 'catalog' })],
      own: (app) => {
        app.addHook('onSend', async (_request, reply) => void reply.header('x-hook', 'ran'))
        app.addHook('onRequest', async (_request, reply) => void reply.header('x-early', 'ran'))
        app.get('/', () => ({ home: true }))
        app.get('/own', () => ({ mine: true }))
        app.post('/own', ({ body }) => ({ got: body }))
        app.post('/text', ({ body }) => `got ${String(body)}`)
      }
    })
    assert.deepEqual(await (await fetch(`${url}/`)).json(), { home: true })
    assert.equal((await fetch(`${url}/`, { method: 'POST' })).status, 404)
    const own = await fetch(`${url}/own`)
    assert.deepEqual([own.headers.get('x-hook'), await own.json()], ['ran', { mine: true }])
    const headers = { 'content-type': 'application/json' }
    const posted = await fetch(`${url}/own`, { method: 'POST', body: '{"a":1}', headers })
    assert.deepEqual(await posted.json(), { got: { a: 1 } })
    const text = await fetch(`${url}/text`, { method: 'POST', body: 'hi' })
    assert.equal(await text.text(), 'got hi')
    const forwarded = await fetch(`${url}/own/below`)
    assert.deepEqual([forwarded.headers.get('x-early'), await forwarded.text()], ['ran', 'a'])
  })

  test('answer what no route takes with a problem document', async (t) => {
    const [backend] = await startBackends(t, 1)
    const routes = [{ ...PRODUCTS, methods: ['GET'] }]
    const { url } = await plainApp(t, { upstreams: [catalogOf([backend!])], routes })
    for (const [method, path, status, allow] of [
      ['GET', '/nothing', 404, null],
      ['POST', '/nothing', 404, null],
      ['DELETE', '/api/products/1', 405, 'GET'],
      ['PROPFIND', '/api/products/1', 405, 'GET']
    ] as const) {
      const response = await fetch(`${url}${path}`, { method })
      const what = `${method} ${path}`
      assert.deepEqual([response.status, response.headers.get('allow')], [status, allow], what)
      assert.equal(response.headers.get('content-type'), 'application/problem+json', what)
      const problem = (await response.json()) as Record<string, unknown>
      assert.deepEqual([problem.status, problem.requestId], [status, response.headers.get('x-request-id')])
    }
    assert.equal(backend!.requests(), 0)
  })

  test('refuse a path with dot segments, even encoded', async (t) => {
    const [backend] = await startBackends(t, 1)
    const { url } = await plainApp(t, { upstreams: [catalogOf([backend!])], routes: [PRODUCTS] })
    for (const path of ['/api/products/../secret', '/api/products/%2e%2E/secret']) {
      const outgoing = request(url, { path }).end()
      const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
      response.resume()
      assert.equal(response.statusCode, 400, path)
    }
    assert.equal(backend!.requests(), 0)
  })

  test('probe the backends, and send nothing to one that is ill until it is well', async (t) => {
    const backends = await startBackends(t, 2)
    const [a, b] = backends
    const healthCheck = check({
      path: HEALTH_PATH,
      interval: 50,
      timeout: 1000,
      unhealthyAfter: 1,
      healthyAfter: 1
    })
    const { url, app } = await plainApp(t, {
      upstreams: [catalogOf(backends, { healthCheck })],
      routes: [PRODUCTS]
    })
    const usable = (index: number): boolean => app.upstreams.get('catalog')!.backends[index]!.status === 0
    await app.healthChecker.whenAnswered()
    await b!.kill()
    await until('b is ill', () => !usable(1))
    for (let count = 0; count < 4; count++) {
      assert.equal(await (await fetch(`${url}/api/products`)).text(), 'a')
    }
    await a!.kill()
    await until('a is ill', () => !usable(0))
    const response = await fetch(`${url}/api/products`)
    assert.deepEqual([response.status, response.headers.get('retry-after')], [503, '1'])
    await b!.revive()
    await until('b is well', () => usable(1))
    assert.equal(await (await fetch(`${url}/api/products`)).text(), 'b')
  })

  test('try another backend when one refuses, before any probe has noticed', async (t) => {
    const backends = await startBackends(t, 2)
    const { url } = await plainApp(t, { upstreams: [catalogOf(backends)], routes: [PRODUCTS] })
    await backends[0]!.kill()
    for (let count = 0; count < 4; count++) {
      const response = await fetch(`${url}/api/products`)
      assert.deepEqual([response.status, await response.text()], [200, 'b'])
    }
  })

  test('end what is under way when their client leaves', async (t) => {
    const backend = await startBackend(t, 'a', () => {})
    const { url, app } = await plainApp(t, { upstreams: [catalogOf([backend])], routes: [PRODUCTS] })
    const inFlight = (): number => app.upstreams.get('catalog')!.backends[0]!.inFlight
    const outgoing = request(`${url}/api/products`)
    outgoing.on('error', () => {})
    outgoing.end()
    await until('it is there', () => inFlight() === 1)
    outgoing.destroy()
    await until('it is gone', () => inFlight() === 0)
  })

  test('close with the app: no probe, no connection and no timer is left', async (t) => {
    const [backend] = await startBackends(t, 1)
    const healthCheck = check({ path: HEALTH_PATH, interval: 20 })
    const { url, app } = await plainApp(t, {
      upstreams: [catalogOf([backend!], { healthCheck })],
      routes: [PRODUCTS]
    })
    await (await fetch(`${url}/api/products`)).text()
    await app.close()
    const connections = async (): Promise<number> =>
      await new Promise((resolve) => {
        backend!.server.getConnections((_error, count) => resolve(count))
      })
    await until('no connection is left', async () => (await connections()) === 0)
    let isProbed = false
    backend!.server.on('connection', () => (isProbed = true))
    await once(AbortSignal.timeout(200), 'abort')
    assert.equal(isProbed, false)
    await assert.rejects(fetch(url))
  })

  test('work with `inject` as well, without a listener', async (t) => {
    const [backend] = await startBackends(t, 1)
    const { app } = await plainApp(t, { upstreams: [catalogOf([backend!])], routes: [PRODUCTS] })
    assert.equal((await app.inject('/api/products')).body, 'a')
    assert.equal((await app.inject('/nothing')).statusCode, 404)
  })
})
