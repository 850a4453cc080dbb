import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import { connect } from 'node:http2'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { suite, test, type TestContext } from 'node:test'
import type { DocumentsView } from '../../src/openapi/documents-view.ts'
import type { Problem } from '../../src/problem.ts'
import { startBackend, type TestBackend } from '../helpers/backend.ts'
import { createAuthority } from '../helpers/certificates.ts'
import { startGateway, type TestGateway, readAdmin, untilIdle, WORKER_COUNTS } from '../helpers/gateway.ts'
import { rawClient } from '../helpers/raw-client.ts'
import { until } from '../helpers/until.ts'

const DOCUMENT = {
  openapi: '3.0.3',
  info: { title: 'Items', version: '1' },
  paths: {
    '/items': {
      get: {
        parameters: [
          { name: 'page', in: 'query', schema: { type: 'integer', minimum: 1 } },
          {
            name: 'tags',
            in: 'query',
            explode: false,
            schema: { type: 'array', items: { enum: ['a', 'b'] } }
          },
          { name: 'X-Shop', in: 'header', required: true, schema: { type: 'string', pattern: '^[a-z]+$' } },
          { name: 'mode', in: 'cookie', schema: { type: 'boolean' } }
        ],
        responses: { 200: { description: 'Items.' } }
      },
      post: {
        requestBody: {
          required: true,
          content: {
            'application/json': { schema: { $ref: '#/components/schemas/Item' } },
            'text/plain': { schema: { type: 'string' } }
          }
        },
        responses: { 201: { description: 'It is there.' } }
      }
    },
    '/items/{id}': {
      get: {
        parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'integer' } }],
        responses: { 200: { description: 'The item.' } }
      }
    }
  },
  components: {
    schemas: {
      Item: {
        type: 'object',
        required: ['id', 'name', 'price'],
        additionalProperties: false,
        properties: {
          id: { type: 'string', readOnly: true },
          name: { type: 'string', maxLength: 10, nullable: true },
          price: { type: 'number', minimum: 0, exclusiveMinimum: true },
          parts: { type: 'array', uniqueItems: true, items: { $ref: '#/components/schemas/Item' } }
        }
      }
    }
  }
}

/** Serves the document, and of any other request tells what came. */
const answer: RequestListener = (request, response) => {
  if (request.url === '/openapi.json') {
    response.end(JSON.stringify(DOCUMENT))
    return
  }
  const hash = createHash('sha256')
  request.on('data', (chunk: Buffer) => hash.update(chunk))
  request.on('end', () => {
    const { method, url, headers } = request
    const body = hash.digest('hex')
    const length = headers['content-length'] ?? headers['transfer-encoding']
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ method, url, body, length }))
  })
}

interface Lab extends TestGateway {
  readonly backend: TestBackend
  readonly faults: (path: string, init?: RequestInit) => Promise<string[]>
}

async function lab(t: TestContext, workers: number, route: object = {}, server: object = {}): Promise<Lab> {
  const backend = await startBackend(t, 'items', answer)
  const gateway = await startGateway(
    t,
    {
      server,
      upstreams: { items: { backends: [backend.url], openapi: '/openapi.json' } },
      routes: [{ path: '/api/items', rewrite: '/items', upstream: 'items', validateRequests: true, ...route }]
    },
    { workers }
  )
  const faults = async (path: string, init?: RequestInit): Promise<string[]> => {
    const response = await fetch(gateway.url + path, init)
    const problem = (await response.json()) as Problem
    assert.equal(response.status, 400, JSON.stringify(problem))
    assert.equal(response.headers.get('content-type'), 'application/problem+json')
    return problem.errors!.map(({ pointer, detail }) => `${pointer} ${detail}`)
  }
  // A busy machine may take longer than a start waits.
  await until('the document is known', async () => {
    if (gateway.url.startsWith('http:')) return (await fetch(`${gateway.url}/api/items/1`)).status === 200
    const { groups } = await readAdmin<DocumentsView>(gateway.gateway, '/api/openapi')
    return groups[0]!.state === 'composed'
  })
  return { ...gateway, backend, faults }
}

const SHOP = { headers: { 'x-shop': 'eu' } }

function post(body: unknown, type = 'application/json'): RequestInit {
  return {
    method: 'POST',
    headers: { 'content-type': type },
    body: typeof body === 'string' ? body : JSON.stringify(body)
  }
}

for (const workers of WORKER_COUNTS) {
  suite(`requests are checked by the document of their group, ${workers} workers`, () => {
    test('parameters wherever they stand, and bodies, which are forwarded byte for byte', async (t) => {
      const { url, faults, backend } = await lab(t, workers)
      const asked = backend.requests()
      assert.deepEqual(
        await faults('/api/items?page=0&tags=a,c', { headers: { 'x-shop': 'EU', cookie: 'mode=2' } }),
        [
          '/query/page must be >= 1',
          '/query/tags/1 must be one of "a","b"',
          '/header/x-shop must match pattern "^[a-z]+$"',
          '/cookie/mode must be boolean'
        ]
      )
      assert.deepEqual(await faults('/api/items?page=x&page=2'), [
        '/query/page must be given once',
        '/header/x-shop is required'
      ])
      assert.deepEqual(await faults('/api/items/one', SHOP), ['/path/id must be integer'])
      assert.equal(backend.requests(), asked)
      const good = await fetch(`${url}/api/items?page=7&tags=a,b`, SHOP)
      assert.equal(((await good.json()) as { url: string }).url, '/items?page=7&tags=a,b')
      assert.equal((await fetch(`${url}/api/items/7`)).status, 200)

      assert.deepEqual(await faults('/api/items', post({ name: 'a name that is long', price: 0, x: 1 })), [
        '/body/x is not known here',
        '/body/name must NOT have more than 10 characters',
        '/body/price must be > 0'
      ])
      const part = { name: null, price: 1 }
      assert.deepEqual(await faults('/api/items', post({ name: 'a', price: 1, parts: [part, part] })), [
        '/body/parts must NOT have duplicate items'
      ])
      assert.deepEqual(await faults('/api/items', post('{"name":')), ['/body must be JSON'])
      assert.deepEqual(await faults('/api/items', { method: 'POST' }), ['/body is required'])
      const body = ` {"price" : 1.50,  "name":"é", "parts":[] }\r\n`
      const response = await fetch(`${url}/api/items`, post(body))
      assert.deepEqual(await response.json(), {
        method: 'POST',
        url: '/items',
        body: createHash('sha256').update(body).digest('hex'),
        length: String(Buffer.byteLength(body))
      })
      const chunked = await fetch(`${url}/api/items`, {
        ...post(''),
        body: new ReadableStream({
          start(controller) {
            for (const text of ['{"name":"a",', '"price":1}']) controller.enqueue(Buffer.from(text))
            controller.close()
          }
        }),
        duplex: 'half'
      })
      assert.deepEqual(await chunked.json(), {
        method: 'POST',
        url: '/items',
        body: createHash('sha256').update('{"name":"a","price":1}').digest('hex'),
        length: 'chunked'
      })
    })
  })
}

suite('requests that the document does not describe', () => {
  test('get what the document says there is', async (t) => {
    const { url } = await lab(t, 0)
    const status = async (path: string, init?: RequestInit): Promise<number> => {
      const response = await fetch(url + path, init)
      await response.arrayBuffer()
      return response.status
    }
    assert.equal(await status('/api/items/1/2'), 404)
    assert.equal(await status('/api/items/', SHOP), 404)
    assert.equal(await status('/api/items/1', { method: 'HEAD' }), 200)
    assert.equal(await status('/api/items', post('a', 'text/plain')), 200)
    assert.equal(await status('/api/items', post('<a/>', 'text/xml')), 415)
    const encoded = post('{}')
    assert.equal(
      await status('/api/items', {
        ...encoded,
        headers: { 'content-type': 'application/json', 'content-encoding': 'br' }
      }),
      415
    )
    const wrong = await fetch(`${url}/api/items`, { method: 'DELETE' })
    assert.equal(wrong.status, 405)
    assert.equal(wrong.headers.get('allow'), 'GET, POST')
  })

  test('a client that waits for a 100 gets it from the gateway, and its body arrives', async (t) => {
    const { url } = await lab(t, 0)
    const client = await rawClient(t, url)
    const body = '{"name":"a","price":1}'
    client.write(
      `POST /api/items HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n`
    )
    await client.untilText('100 Continue')
    client.write(body)
    await client.untilText(createHash('sha256').update(body).digest('hex'))
    assert.equal(client.text().split('100 Continue').length, 2)
  })

  test('bodies over HTTP/2 are checked and forwarded, too', async (t) => {
    const authority = await createAuthority()
    const { cert, key } = await authority.issue(['localhost'])
    const { url } = await lab(t, 1, {}, { tls: { certificates: [{ cert, key, hosts: ['localhost'] }] } })
    const session = connect(url, { rejectUnauthorized: false })
    t.after(() => session.destroy())
    const ask = async (body: string): Promise<{ status: unknown; text: string }> => {
      const stream = session.request({
        ':method': 'POST',
        ':path': '/api/items',
        'content-type': 'application/json'
      })
      stream.end(body)
      const [head] = (await once(stream, 'response')) as [{ ':status': number }]
      return { status: head[':status'], text: await text(stream) }
    }
    assert.equal((await ask('{"name":"a"}')).status, 400)
    const good = await ask('{"name":"a","price":1}')
    assert.equal(good.status, 200)
    assert.match(good.text, new RegExp(createHash('sha256').update('{"name":"a","price":1}').digest('hex')))
    const page = session.request({ ':path': '/docs' })
    assert.match(await text(page), /swagger-ui/)
  })

  test('a client that leaves amid its body leaves nothing behind', async (t) => {
    const { url, gateway } = await lab(t, 0)
    const client = await rawClient(t, url)
    client.write(
      'POST /api/items HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{'
    )
    await delay(50)
    client.socket.destroy()
    await untilIdle(gateway)
    assert.equal((await fetch(`${url}/api/items/1`)).status, 200)
  })

  test('a body that is larger than the route allows is 413', async (t) => {
    const { url } = await lab(t, 0, { bodyLimit: '1KiB' })
    const response = await fetch(`${url}/api/items`, post({ name: 'a'.repeat(2000), price: 1 }))
    assert.equal(response.status, 413)
  })

  test('patterns and lists that take others for ever are answered at once', async (t) => {
    const { faults } = await lab(t, 0)
    const parts = Array.from({ length: 50_000 }, (_, index) => ({ name: String(index), price: 1 }))
    const body = JSON.stringify({ name: 'a', price: 1, parts: [...parts, parts[7]] })
    assert.deepEqual(await faults('/api/items', post(body)), ['/body/parts must NOT have duplicate items'])
  })

  test('nothing is let through while no document is known', async (t) => {
    const backend = await startBackend(t, 'bare')
    const { url } = await startGateway(t, {
      upstreams: { items: { backends: [backend.url], openapi: '/openapi.json' } },
      routes: [{ path: '/', upstream: 'items', validateRequests: true }]
    })
    const response = await fetch(`${url}/x`)
    assert.equal(response.status, 503)
    assert.equal(response.headers.get('retry-after'), '1')
  })
})
