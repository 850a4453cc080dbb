import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type IncomingMessage, request, type RequestListener } from 'node:http'
import { describe, test, type TestContext } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { startBackend } from '../helpers/backend.ts'
import { exchange } from '../helpers/exchange.ts'
import { startGateway, untilIdle } from '../helpers/gateway.ts'
import { route } from '../routing/routes.ts'
import { group } from '../upstreams/groups.ts'
import { plainApp } from './plain-app.ts'

const BUFFERED = route('/api', { mode: 'buffered' })

/** An app in front of a backend that answers so. */
async function buffered(
  t: TestContext,
  answer: RequestListener,
  own?: (app: FastifyInstance) => void
): Promise<string> {
  const backend = await startBackend(t, 'a', answer)
  const upstreams = [group('g', [backend.url.slice('http://'.length)])]
  const { url } = await plainApp(t, { upstreams, routes: [BUFFERED], ...(own && { own }) })
  return url
}

/** The gateway itself in front of backends that answer so. */
async function bufferedGateway(t: TestContext, answers: readonly RequestListener[], attempts: number) {
  const backends = await Promise.all(answers.map((answer, index) => startBackend(t, `${index}`, answer)))
  return await startGateway(t, {
    upstreams: {
      g: { backends: backends.map(({ url }) => url), retry: { attempts, on: ['connect', 'reset'] } }
    },
    routes: [{ path: '/', upstream: 'g', mode: 'buffered' }]
  })
}

describe('a route in buffered mode', { concurrency: 2 }, () => {
  test('lets onSend hooks see and rewrite the whole response', async (t) => {
    const answer: RequestListener = (_request, response) => {
      response.setHeader('Set-Cookie', ['a=1', 'b=2']).setHeader('Content-Type', 'text/plain')
      response.write('one ')
      setTimeout(() => response.end('two'), 30)
    }
    const seen: string[] = []
    const url = await buffered(t, answer, (app) => {
      app.addHook('onSend', async (_request, reply, payload: Buffer) => {
        seen.push(payload.toString())
        reply.header('x-hooked', 'yes')
        return payload.toString().toUpperCase()
      })
    })
    const { status, headers, body } = await exchange(`${url}/api/x`)
    assert.deepEqual([status, body, headers['x-hooked']], [200, 'ONE TWO', 'yes'])
    assert.deepEqual(headers['set-cookie'], ['a=1', 'b=2'])
    assert.equal(headers['content-length'], '7')
    assert.equal(headers['content-type'], 'text/plain')
    assert.deepEqual(seen, ['one two'])
  })

  test('takes a request body like any other', async (t) => {
    const url = await buffered(t, (request, response) => request.pipe(response))
    const { body } = await exchange(`${url}/api/x`, { method: 'POST', body: 'x'.repeat(100_000) })
    assert.equal(body, 'x'.repeat(100_000))
  })

  test('keeps status, reason phrase, and the length that a HEAD asks for', async (t) => {
    const url = await buffered(t, (_request, response) => {
      response.writeHead(404, 'Not Here', { 'Content-Length': '5', ETag: '"x"' }).end('gone!')
    })
    const { status, headers, body } = await exchange(`${url}/api/x`, { method: 'HEAD' })
    assert.deepEqual([status, headers['content-length'], headers.etag, body], [404, '5', '"x"', ''])
    assert.equal((await fetch(`${url}/api/x`)).statusText, 'Not Here')
  })

  test('passes a 204 on without a body and without a length', async (t) => {
    const url = await buffered(t, (_request, response) => response.writeHead(204).end())
    const { status, headers, body } = await exchange(`${url}/api/x`)
    assert.deepEqual([status, headers['content-length'], body], [204, undefined, ''])
  })

  test('passes trailers on', async (t) => {
    const url = await buffered(t, (_request, response) => {
      response.writeHead(200, { Trailer: 'X-Sum' })
      response.write('body')
      response.addTrailers({ 'X-Sum': '42' })
      response.end()
    })
    const trailers = await new Promise<NodeJS.Dict<string>>((resolve, reject) => {
      request(`${url}/api/x`, { agent: false }, (response) => {
        response.resume().on('end', () => resolve(response.trailers))
      })
        .on('error', reject)
        .end()
    })
    assert.deepEqual({ ...trailers }, { 'x-sum': '42' })
  })

  test('answers 502 when the backend breaks off, and counts the request out', async (t) => {
    const { gateway, url } = await bufferedGateway(t, [breakOff], 1)
    const { status, body } = await exchange(url)
    assert.equal(status, 502)
    assert.match(body, /"status":502/)
    await untilIdle(gateway)
  })

  test('asks another backend when one breaks off, since nothing went out yet', async (t) => {
    const { gateway, url } = await bufferedGateway(t, [breakOff, (_, response) => response.end('whole')], 2)
    for (let count = 0; count < 4; count++) {
      const { status, body } = await exchange(url)
      assert.deepEqual([status, body], [200, 'whole'])
    }
    await untilIdle(gateway)
  })

  test('keeps a 304 and a HEAD without a length as they came', async (t) => {
    const url = await buffered(t, (request, response) => {
      if (request.method === 'HEAD') response.writeHead(200, { ETag: '"x"' })
      else response.writeHead(304, { ETag: '"x"', 'Content-Length': '7' })
      response.end()
    })
    const unchanged = await exchange(`${url}/api/x`)
    assert.deepEqual([unchanged.status, unchanged.headers['content-length']], [304, '7'])
    const head = await exchange(`${url}/api/x`, { method: 'HEAD' })
    for (const { headers } of [unchanged, head]) {
      assert.equal(headers.etag, '"x"')
      assert.equal(headers['content-type'], undefined)
    }
    assert.equal(head.headers['content-length'], undefined)
  })

  test('answers 502 to a status that Fastify does not take, and leaves out trailers that are none', async (t) => {
    const answer: RequestListener = (request, response) => {
      if (request.url === '/status') {
        response.socket!.end('HTTP/1.1 999 What\r\nContent-Length: 0\r\n\r\n')
        return
      }
      response.write('body')
      response.addTrailers({ 'Cache-Control': 'no-store', 'X-Sum': '42' })
      response.end()
    }
    const { gateway, url } = await bufferedGateway(t, [answer], 1)
    assert.equal((await exchange(`${url}/status`)).status, 502)
    const { status, body } = await exchange(url)
    assert.deepEqual([status, body], [200, 'body'])
    await untilIdle(gateway)
  })

  test('gives up a response that stands still, also when the upload ends after its head', async (t) => {
    const backend = await startBackend(t, 'a', (_request, response) => {
      response.writeHead(200, { 'Content-Length': '10' })
      response.write('abc')
    })
    const { gateway, url } = await startGateway(t, {
      upstreams: { g: { backends: [backend.url], timeouts: { idle: '300ms' }, retry: { attempts: 1 } } },
      routes: [{ path: '/', upstream: 'g', mode: 'buffered' }]
    })
    const outgoing = request(url, { method: 'POST', agent: false })
    const answered = once(outgoing, 'response') as Promise<[IncomingMessage]>
    outgoing.write('first')
    setTimeout(() => outgoing.end('last'), 100)
    const [response] = await answered
    assert.equal(response.resume().statusCode, 504)
    await untilIdle(gateway)
  })

  test('answers 502 when the response is too large to be collected', async (t) => {
    const { gateway, url } = await bufferedGateway(
      t,
      [(_, response) => response.end(Buffer.alloc(11 * 1024 * 1024))],
      1
    )
    assert.equal((await exchange(url)).status, 502)
    await untilIdle(gateway)
  })
})

const breakOff: RequestListener = (_request, response) => {
  response.writeHead(200, { 'Content-Length': '100' })
  response.write('half')
  setTimeout(() => response.destroy(), 20)
}
