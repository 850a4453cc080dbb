import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, RequestListener } from 'node:http'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import type { HealthCheckConfig } from '../../src/config/types.ts'
import { probeHttp } from '../../src/health/probe-http.ts'
import { allClosed, checkOf, listen } from './helpers.ts'

const { signal } = new AbortController()

async function serve(t: TestContext, listener: RequestListener) {
  const { port, open } = await listen(t, createServer(listener))
  const url = `http://127.0.0.1:${port}`
  const probe = async (overrides: Partial<HealthCheckConfig> = {}) =>
    await probeHttp(url, checkOf(overrides), signal)
  return { url, port, open, probe }
}

const okRanges = [{ from: 200, to: 299 }]
const failed = (reason: string) => ({ ok: false, reason })

test('a status in the expected ranges passes and the connection is closed', async (t) => {
  const { probe, open } = await serve(t, (_, response) => response.end('fine'))
  assert.deepEqual(await probe(), { ok: true })
  await allClosed(open)
})

test('another status is a failure that names it', async (t) => {
  const { probe } = await serve(t, (_, response) => response.writeHead(503).end())
  assert.deepEqual(await probe(), failed('status_503'))
})

test('any of several ranges will do, ends included', async (t) => {
  let status = 0
  const { probe } = await serve(t, (_, response) => response.writeHead(status).end())
  const expect = { status: [...okRanges, { from: 401, to: 403 }] }
  for (const [code, result] of [
    [200, { ok: true }],
    [299, { ok: true }],
    [300, failed('status_300')],
    [400, failed('status_400')],
    [401, { ok: true }],
    [403, { ok: true }],
    [404, failed('status_404')]
  ] as const) {
    status = code
    assert.deepEqual(await probe({ expect }), result, String(code))
  }
})

test('a redirect is not followed', async (t) => {
  let requests = 0
  const { probe } = await serve(t, (_, response) => {
    requests += 1
    response.writeHead(302, { location: '/elsewhere' }).end()
  })
  assert.deepEqual(await probe(), failed('status_302'))
  assert.equal(requests, 1)
})

test('interim responses are no verdict', async (t) => {
  const { probe } = await serve(t, (_, response) => {
    response.writeProcessing()
    response.writeEarlyHints({ link: '</a.css>; rel=preload' })
    response.writeHead(500).end()
  })
  const expect = { status: [{ from: 100, to: 299 }] }
  assert.deepEqual(await probe({ expect }), failed('status_500'))
})

test('a probe says who it is and asks for no second request', async (t) => {
  let seen: IncomingMessage | undefined
  const { probe, port } = await serve(t, (request, response) => {
    seen = request
    response.end()
  })
  await probe({ path: '/health?deep=1' })
  assert.equal(seen?.method, 'GET')
  assert.equal(seen.url, '/health?deep=1')
  assert.deepEqual(seen.headers, {
    host: `127.0.0.1:${port}`,
    'user-agent': 'xecureapi-health-check',
    connection: 'close'
  })
})

test('every probe opens a connection of its own', async (t) => {
  const ports = new Set<number | undefined>()
  const { probe } = await serve(t, (request, response) => {
    ports.add(request.socket.remotePort)
    response.end()
  })
  await probe()
  await probe()
  assert.equal(ports.size, 2)
})

test('method and headers are the check’s, Host and User-Agent included', async (t) => {
  let seen: IncomingMessage | undefined
  const { probe } = await serve(t, (request, response) => {
    seen = request
    response.end()
  })
  const headers = { Host: 'shop.example', 'User-Agent': 'probe', 'X-Token': 'abc' }
  assert.deepEqual(await probe({ method: 'HEAD', headers }), { ok: true })
  assert.equal(seen?.method, 'HEAD')
  assert.equal(seen.headers.host, 'shop.example')
  assert.equal(seen.headers['user-agent'], 'probe')
  assert.equal(seen.headers['x-token'], 'abc')
})

test('another port is probed, with the backend’s own host in the Host field', async (t) => {
  let host: string | undefined
  const { port } = await serve(t, (request, response) => {
    host = request.headers.host
    response.end()
  })
  const other = await serve(t, (_, response) => response.writeHead(500).end())
  assert.deepEqual(await probeHttp(other.url, checkOf({ port }), signal), { ok: true })
  assert.equal(host, `127.0.0.1:${other.port}`)
})

test('a status that nobody expected is a failure whatever the body says', async (t) => {
  const { probe } = await serve(t, (_, response) => response.writeHead(500).end('ready'))
  assert.deepEqual(await probe({ expect: { status: okRanges, body: 'ready' } }), failed('status_500'))
})

test('the expected text is found in a body, or is a body_mismatch', async (t) => {
  const { probe } = await serve(t, (_, response) => response.end('{"state":"ready"}'))
  assert.deepEqual(await probe({ expect: { status: okRanges, body: '"ready"' } }), { ok: true })
  assert.deepEqual(await probe({ expect: { status: okRanges, body: '"steady"' } }), failed('body_mismatch'))
})

test('an empty body holds no text', async (t) => {
  const { probe } = await serve(t, (_, response) => response.writeHead(204).end())
  assert.deepEqual(await probe({ expect: { status: okRanges, body: 'ready' } }), failed('body_mismatch'))
})

test('a text that comes in several chunks is found', async (t) => {
  const { probe } = await serve(t, (_, response) => {
    response.write('re')
    setImmediate(() => {
      response.write('ad')
      setTimeout(() => response.end('y'), 20)
    })
  })
  assert.deepEqual(await probe({ expect: { status: okRanges, body: 'ready' } }), { ok: true })
})

test('a text is looked for in the first 64 KiB and no further', async (t) => {
  let before = 0
  const { probe } = await serve(t, (_, response) => response.end(`${'x'.repeat(before)}ready`))
  const expect = { status: okRanges, body: 'ready' }
  before = 64 * 1024 - 5
  assert.deepEqual(await probe({ expect }), { ok: true })
  before += 1
  assert.deepEqual(await probe({ expect }), failed('body_mismatch'))
})

test('a body without end is read for 64 KiB and then broken off', async (t) => {
  const { probe, open } = await serve(t, (_, response) => {
    const more = (): void => {
      while (!response.destroyed && response.write('x'.repeat(16_384)));
    }
    response.on('drain', more)
    more()
  })
  assert.deepEqual(await probe({ expect: { status: okRanges, body: 'ready' } }), failed('body_mismatch'))
  await allClosed(open)
})

test('a body that nobody asked about is not waited for', async (t) => {
  const { probe, open } = await serve(t, (_, response) => void response.write('and then'))
  assert.deepEqual(await probe(), { ok: true })
  await allClosed(open)
})

test('the timeout covers the body', async (t) => {
  const { probe, open } = await serve(t, (_, response) => void response.write('rea'))
  const expect = { status: okRanges, body: 'ready' }
  assert.deepEqual(await probe({ timeout: 200, expect }), failed('timeout'))
  await allClosed(open)
})

test('a server that accepts and never answers is a timeout', async (t) => {
  const { probe, open } = await serve(t, () => {})
  assert.deepEqual(await probe({ timeout: 200 }), failed('timeout'))
  await allClosed(open)
})

test('an abort ends a running probe with the abort’s reason and closes its connection', async (t) => {
  const server = createServer()
  const { port, open } = await listen(t, server)
  const controller = new AbortController()
  const probe = probeHttp(`http://127.0.0.1:${port}`, checkOf(), controller.signal)
  await once(server, 'request')
  controller.abort(new Error('stopped'))
  await assert.rejects(probe, /stopped/)
  await allClosed(open)
})

test('an abort before the connection is there leaves none behind', async (t) => {
  const { url, open } = await serve(t, (_, response) => response.end())
  const controller = new AbortController()
  const probe = probeHttp(url, checkOf(), controller.signal)
  controller.abort(new Error('stopped'))
  await assert.rejects(probe, /stopped/)
  await allClosed(open)
  await assert.rejects(async () => await probeHttp(url, checkOf(), controller.signal), /stopped/)
})
