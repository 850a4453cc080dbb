import assert from 'node:assert/strict'
import type { RequestListener } from 'node:http'
import { createSecureServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { suite, test, type TestContext } from 'node:test'
import { type DocumentAnswer, fetchDocument, MAX_DOCUMENT } from '../../src/openapi/fetch-document.ts'
import { startBackend } from '../helpers/backend.ts'
import { createAuthority } from '../helpers/certificates.ts'
import { DEFAULT_GROUP } from '../helpers/config-defaults.ts'

const NEVER = new AbortController().signal

async function ask(t: TestContext, listener: RequestListener, more: object = {}): Promise<DocumentAnswer> {
  const { url } = await startBackend(t, 'a', listener)
  return await fetchDocument({ url, group: DEFAULT_GROUP, path: '/openapi.json?all', ...more }, NEVER)
}

suite('a backend is asked for its document', () => {
  test('by its path, as itself, and gives it with its validator', async (t) => {
    let host: string | undefined
    const answer = await ask(t, (request, response) => {
      host = request.headers.host
      response.setHeader('etag', '"1"')
      response.end(request.url)
    })
    assert.match(host!, /^127\.0\.0\.1:\d+$/)
    assert.ok('bytes' in answer)
    assert.deepEqual([answer.bytes.toString(), answer.etag], ['/openapi.json?all', '"1"'])
  })

  test('and not again what has not changed', async (t) => {
    const listener: RequestListener = (request, response) => {
      response.statusCode = request.headers['if-none-match'] === '"1"' ? 304 : 200
      response.end()
    }
    assert.deepEqual(await ask(t, listener, { etag: '"1"' }), { isUnchanged: true })
  })

  const REASONS: readonly [string, string, RequestListener][] = [
    ['another status', 'status_404', (_, response) => response.writeHead(404).end()],
    [
      'a redirect, which is not followed',
      'status_302',
      (_, response) => response.writeHead(302, { location: 'http://evil.example/' }).end()
    ],
    [
      'an encoding that nobody asked for',
      'encoded',
      (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('x')
    ],
    [
      'a length beyond all bounds',
      'too_large',
      (_, response) => response.writeHead(200, { 'content-length': MAX_DOCUMENT + 1 }).flushHeaders()
    ],
    [
      'a body without end',
      'too_large',
      (_, response) => {
        const chunk = Buffer.alloc(1024 * 1024)
        const more = (): void => {
          while (!response.destroyed && response.write(chunk));
        }
        response.on('drain', more).on('error', () => {})
        more()
      }
    ],
    [
      'a body that comes bit by bit',
      'timeout',
      (_, response) => {
        const timer = setInterval(() => response.write(' '), 20)
        response.on('close', () => clearInterval(timer))
      }
    ],
    ['no answer', 'timeout', () => {}],
    [
      'half an answer',
      'reset',
      (_, response) => {
        response.writeHead(200, { 'content-length': 100 })
        response.write('{', () => response.destroy())
      }
    ]
  ]
  for (const [name, reason, listener] of REASONS) {
    test(`${name} is a reason`, async (t) => {
      const timeout = reason === 'timeout' ? 200 : 5000
      assert.deepEqual(await ask(t, listener, { timeout }), { reason })
    })
  }

  test('nobody there is a reason', async (t) => {
    const backend = await startBackend(t, 'a')
    await backend.kill()
    const answer = await fetchDocument({ url: backend.url, group: DEFAULT_GROUP, path: '/' }, NEVER)
    assert.deepEqual(answer, { reason: 'connect_refused' })
  })

  test('over TLS and HTTP/2, by the name that its certificate has', async (t) => {
    const authority = await createAuthority()
    const { cert, key } = await authority.issue(['catalog.internal'])
    const server = createSecureServer({ cert, key }, (request, response) => response.end(request.authority))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => server.close())
    const { port } = server.address() as AddressInfo
    const group = { ...DEFAULT_GROUP, protocol: 'h2' as const, tls: { verify: true, ca: authority.ca } }
    const request = {
      url: `https://127.0.0.1:${port}`,
      authority: `catalog.internal:${port}`,
      group,
      path: '/'
    }
    const answer = await fetchDocument(request, NEVER)
    assert.ok('bytes' in answer, JSON.stringify(answer))
    assert.equal(answer.bytes.toString(), `catalog.internal:${port}`)
    const other = await fetchDocument({ ...request, authority: `other.internal:${port}` }, NEVER)
    assert.deepEqual(other, { reason: 'tls_failed' })
  })

  test('until it is no longer wanted', async (t) => {
    const stopped = new AbortController()
    const { url } = await startBackend(t, 'a', () => stopped.abort())
    const answer = await fetchDocument({ url, group: DEFAULT_GROUP, path: '/' }, stopped.signal)
    assert.deepEqual(answer, { reason: 'stopped' })
  })
})
