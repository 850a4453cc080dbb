import assert from 'node:assert/strict'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { startBackend } from '../helpers/backend.ts'
import { openBrowser } from '../helpers/browser.ts'
import { untilIdle } from '../helpers/gateway.ts'
import { until } from '../helpers/until.ts'
import { startWebSocketBackend } from '../helpers/web-socket-backend.ts'
import { startInteropLab } from './lab.ts'
import { bytes, sumOf } from './origin.ts'

const SCRIPT = await readFile(new URL('page.js', import.meta.url))

/** What of a shop's pages the origin of all clients does not have. */
function shop(name: string, left: () => void): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const [path] = request.url!.split('?')
    if (path === '/shop/page') {
      response.setHeader('content-type', 'text/html')
      response.end(
        '<title>shop</title><link rel="icon" href="data:,"><script src="script"></script><input type="file">'
      )
    } else if (path === '/shop/script') {
      response.setHeader('content-type', 'text/javascript')
      response.end(SCRIPT)
    } else if (path === '/shop/echo') request.pipe(response)
    else if (path === '/shop/events') tell(request, response)
    else if (path === '/shop/never') {
      response.once('close', left)
      response.write('begun')
    } else if (path === '/shop/file') {
      response.setHeader('content-disposition', 'attachment; filename="list.bin"')
      response.end(bytes(3_000_000))
    } else response.end(name)
  }
}

/** Three events, then the end: a browser comes back and says which it had last. */
function tell(request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  const last = Number(request.headers['last-event-id'] ?? 0)
  for (let id = last + 1; id <= last + 3; id++) response.write(`retry: 20\nid: ${id}\ndata: ${id}\n\n`)
  response.end()
}

test('Chromium, over HTTP/2 with a certificate of an authority of the test', async (t) => {
  let left = 0
  const socket = await startWebSocketBackend(t)
  const [first, second] = await Promise.all(
    ['first', 'second'].map((name) =>
      startBackend(
        t,
        name,
        shop(name, () => left++)
      )
    )
  )
  const lab = await startInteropLab(t, true, {
    upstreams: {
      shop: { backends: [first!.url, second!.url], affinity: {} },
      socket: { backends: [socket.url] }
    },
    routes: [
      { path: '/shop', upstream: 'shop' },
      { path: '/socket', upstream: 'socket' },
      {
        path: '/open',
        upstream: 'origin',
        rewrite: '/seen',
        cors: { origins: ['*'], exposedHeaders: ['x-request-id'] }
      }
    ]
  })
  const { url } = lab
  const { page, errors } = await openBrowser(t, true)
  await page.goto(`${url}/shop/page`)

  await t.test('fetches over HTTP/2, a stream of its own among that', async () => {
    assert.deepEqual(await page.evaluate('shop.streamed()'), ['one, two, three', 'h2'])
  })

  await t.test('reads a stream of events, and comes back for what it has missed', async () => {
    const ids = Array.from({ length: 9 }, (_, index) => String(index + 1))
    assert.deepEqual(await page.evaluate('shop.events(9)'), ids)
  })

  await t.test('speaks WebSocket', async () => {
    assert.deepEqual(await page.evaluate('shop.talked("hello")'), [4001, 'hello'])
  })

  await t.test('keeps the cookie of its session, and so its backend', async () => {
    assert.equal((await page.evaluate<string[]>('shop.servers(20)')).length, 1)
    assert.equal(await page.evaluate('document.cookie'), '', 'no script sees it')
  })

  await t.test('uploads a file and downloads one', async () => {
    const body = bytes(3_000_000)
    const file = { name: 'list.bin', mimeType: 'application/octet-stream', buffer: body }
    await page.locator('input').setInputFiles(file)
    assert.equal(await page.evaluate('shop.uploaded()'), sumOf(body))
    const downloading = page.waitForEvent('download')
    await page.evaluate('shop.download()')
    const download = await downloading
    assert.equal(download.suggestedFilename(), 'list.bin')
    assert.ok((await readFile(await download.path())).equals(body))
  })

  await t.test('gives a request up, of which the backend hears', async () => {
    assert.equal(await page.evaluate('shop.givenUp()'), 'AbortError')
    await until('the backend heard of it', () => left === 1)
    await untilIdle(lab.gateway)
  })
  assert.deepEqual(errors(), [])

  await t.test('asks before it sends what needs to be allowed, and reads what may be read', async () => {
    await page.goto(`${url.replace('127.0.0.1', 'localhost')}/shop/page`)
    const told = await page.evaluate(`shop.elsewhere('${url}')`)
    assert.deepEqual(told, { method: 'PUT', own: '1', hasId: true, refused: 'refused' })
  })
})
