import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { constants } from 'node:http2'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { startBackend, startBackends } from '../helpers/backend.ts'
import { exchangeHttp2, http2Client, readHttp2, valuesIn } from '../helpers/http2-client.ts'
import { FLAG, FRAME, frameClient, headerBlock } from '../helpers/http2-frames.ts'
import { forwardAll, startHttp2Lab } from '../helpers/http2-lab.ts'
import { closedPort, startMisbehavingBackend } from '../helpers/misbehaving-backend.ts'
import { until } from '../helpers/until.ts'

const { NGHTTP2_CANCEL, NGHTTP2_INTERNAL_ERROR, NGHTTP2_NO_ERROR } = constants

/** What a backend saw of the requests that it never answers. */
interface Seen {
  readonly request: IncomingMessage
  isWhole: boolean
  closedAt: number
}

async function startSilentBackend(
  t: Parameters<typeof startBackend>[0]
): Promise<{ url: string; seen: Seen[] }> {
  const seen: Seen[] = []
  const { url } = await startBackend(t, 'silent', (request: IncomingMessage) => {
    const one: Seen = { request, isWhole: false, closedAt: 0 }
    seen.push(one)
    request.resume()
    request.once('end', () => (one.isWhole = true))
    request.socket.once('close', () => (one.closedAt = performance.now()))
  })
  return { url, seen }
}

test('a client that resets its stream ends the request to the backend, whatever its method', async (t) => {
  const backend = await startSilentBackend(t)
  const lab = await startHttp2Lab(t, forwardAll(backend.url))
  for (const [index, method] of ['GET', 'HEAD', 'POST'].entries()) {
    const isUpload = method === 'POST'
    // Without trailers to come, Node's client ends an upload before it resets it.
    const stream = lab.session.request(
      { ':method': method },
      { endStream: !isUpload, waitForTrailers: isUpload }
    )
    if (isUpload) stream.write('half')
    const response = readHttp2(stream)
    await until('the backend has the request', () => backend.seen.length > index)
    await delay(20)
    const resetAt = performance.now()
    stream.close(NGHTTP2_CANCEL)
    await response
    const seen = backend.seen[index]!
    await until('the backend lost the request', () => seen.closedAt > 0)
    // 100 ms are promised; a busy machine gets more.
    assert.ok(seen.closedAt - resetAt < 1_000, `it took ${seen.closedAt - resetAt} ms`)
    assert.equal(seen.isWhole, !isUpload)
    const { status, reason, method: logged } = await lab.nextLine()
    assert.deepEqual([logged, status, reason], [method, 499, 'client_gone'])
  }
  await lab.untilIdle()
  assert.equal(
    (await exchangeHttp2(lab.session, { ':path': '/health' })).status,
    200,
    'the connection lives on'
  )
  await lab.nextLine()
  assert.equal(lab.logged(), 4, 'every request is logged once')
})

test('an upload that is given up without an error does not look whole to the backend', async (t) => {
  const backend = await startSilentBackend(t)
  const lab = await startHttp2Lab(t, forwardAll(backend.url))
  const client = await frameClient(t, lab.url, lab.ca)
  const head = [':method', 'POST', ':scheme', 'https', ':path', '/', ':authority', 'shop.test']
  client.send(FRAME.HEADERS, FLAG.END_HEADERS, 1, headerBlock(head))
  client.send(FRAME.DATA, 0, 1, Buffer.from('half'))
  await until('the backend has the request', () => backend.seen.length === 1)
  client.send(FRAME.RST_STREAM, 0, 1, Buffer.from([0, 0, 0, NGHTTP2_NO_ERROR]))
  await until('the backend lost the request', () => backend.seen[0]!.closedAt > 0)
  assert.equal(backend.seen[0]!.isWhole, false)
  assert.equal((await lab.nextLine()).reason, 'client_gone')
  await lab.untilIdle()
})

test('a connection that breaks ends all of its requests', async (t) => {
  const backend = await startSilentBackend(t)
  const lab = await startHttp2Lab(t, forwardAll(backend.url))
  const session = await http2Client(t, lab.url, lab.ca)
  const responses = ['GET', 'HEAD', 'POST'].map((method) => {
    const stream = session.request({ ':method': method }, { endStream: method !== 'POST' })
    return readHttp2(stream)
  })
  await until('the backend has the requests', () => backend.seen.length === 3)
  session.destroy()
  await Promise.all(responses)
  await lab.untilIdle()
  for (const _ of responses) assert.equal((await lab.nextLine()).status, 499)
  assert.equal(lab.logged(), 3)
})

test('a client that leaves in the midst of a response is logged with the status that it saw', async (t) => {
  const backend = await startMisbehavingBackend(t)
  const lab = await startHttp2Lab(t, forwardAll(backend.url))
  const stream = lab.session.request({ ':path': '/endless' })
  const response = readHttp2(stream)
  await once(stream, 'data')
  stream.close(NGHTTP2_CANCEL)
  await response
  const { status, reason } = await lab.nextLine()
  assert.deepEqual([status, reason], [200, 'client_gone'])
  await lab.untilIdle()
})

test('a response that breaks off is seen to have broken off', async (t) => {
  const backend = await startMisbehavingBackend(t)
  const lab = await startHttp2Lab(t, forwardAll(backend.url))
  const { status, rstCode } = await exchangeHttp2(lab.session, { ':path': '/cut' })
  assert.deepEqual([status, rstCode], [200, NGHTTP2_INTERNAL_ERROR])
  assert.equal((await lab.nextLine()).reason, 'reset')
  // Node's client could hide it; frames can't.
  const client = await frameClient(t, lab.url, lab.ca)
  const head = [':method', 'GET', ':scheme', 'https', ':path', '/cut', ':authority', 'shop.test']
  client.send(FRAME.HEADERS, FLAG.END_HEADERS | FLAG.END_STREAM, 1, headerBlock(head))
  const reset = await client.untilFrame(FRAME.RST_STREAM, 1)
  assert.equal(reset.payload.readUInt32BE(0), NGHTTP2_INTERNAL_ERROR)
  const ends = client.frames.filter(
    ({ stream, flags, type }) => stream === 1 && type <= 1 && flags & FLAG.END_STREAM
  )
  assert.deepEqual(ends, [])
  await lab.untilIdle()
})

test('a request that fails at one backend goes to another; one that fails everywhere is answered', async (t) => {
  const [backend] = await startBackends(t, 1)
  const lab = await startHttp2Lab(t, {
    upstreams: {
      half: { backends: [await closedPort(), backend!.url] },
      none: { backends: [await closedPort()] }
    },
    routes: [
      { path: '/', upstream: 'half' },
      { path: '/none', upstream: 'none' }
    ]
  })
  const attempts = new Set<unknown>()
  for (let count = 0; count < 2; count++) {
    const { status } = await exchangeHttp2(lab.session, { ':method': 'POST' }, { body: 'kept' })
    assert.equal(status, 200)
    attempts.add((await lab.nextLine()).attempts)
  }
  assert.deepEqual(attempts, new Set([1, 2]))
  const { status, headers, body } = await exchangeHttp2(lab.session, { ':path': '/none' })
  assert.equal(status, 502)
  assert.deepEqual(valuesIn(headers, 'content-type'), ['application/problem+json'])
  assert.equal(
    (JSON.parse(String(body)) as { requestId: string }).requestId,
    valuesIn(headers, 'x-request-id')[0]
  )
})

test('a response that comes before the end of an upload stands, and the client is asked to send no more', async (t) => {
  const backend = await startBackend(t, 'a', (request: IncomingMessage, response: ServerResponse) => {
    request.once('data', () => response.writeHead(413).end('too large'))
  })
  const lab = await startHttp2Lab(t, forwardAll(backend.url))
  const stream = lab.session.request({ ':method': 'POST' }, { endStream: false })
  // The client never ends it.
  stream.write(Buffer.alloc(1024))
  const { status, body, rstCode } = await readHttp2(stream)
  assert.deepEqual([status, String(body), rstCode], [413, 'too large', NGHTTP2_NO_ERROR])
  await lab.untilIdle()
  const { reason, status: logged } = await lab.nextLine()
  assert.deepEqual([logged, reason], [413, undefined])
})

test('a client that does not go on with its upload is told so', async (t) => {
  const backend = await startSilentBackend(t)
  const lab = await startHttp2Lab(t, forwardAll(backend.url, { timeouts: { idle: '200ms' } }))
  const stream = lab.session.request({ ':method': 'POST' }, { endStream: false })
  stream.write('half')
  const { status, rstCode } = await readHttp2(stream)
  assert.deepEqual([status, rstCode], [408, NGHTTP2_NO_ERROR])
  assert.equal((await lab.nextLine()).reason, 'client_too_slow')
  await lab.untilIdle()
})

test('the head of a response does not wait for its body', async (t) => {
  const backend = await startBackend(t, 'a', (_request, response: ServerResponse) => response.flushHeaders())
  const lab = await startHttp2Lab(t, forwardAll(backend.url))
  const stream = lab.session.request({})
  const [head] = (await once(stream, 'response')) as [Record<string, unknown>]
  assert.equal(head[':status'], 200)
  stream.close(NGHTTP2_CANCEL)
  await lab.untilIdle()
})

test('who reads slowly holds back who sends, both ways', async (t) => {
  const size = 32 * 1024 * 1024
  let sent = 0
  const uploads: IncomingMessage[] = []
  const backend = await startBackend(t, 'a', (request: IncomingMessage, response: ServerResponse) => {
    if (request.method === 'POST') {
      uploads.push(request)
      request.once('end', () => response.end())
      return
    }
    const piece = Buffer.alloc(64 * 1024)
    const more = (): void => {
      for (; sent < size;) {
        sent += piece.length
        if (!response.write(piece)) return void response.once('drain', more)
      }
      response.end()
    }
    more()
  })
  const lab = await startHttp2Lab(t, forwardAll(backend.url, {}, { bodyLimit: 0 }))
  const settled = async (read: () => number): Promise<void> => {
    for (let before = -1; before !== read(); await delay(200)) before = read()
  }
  const download = lab.session.request({})
  await once(download, 'response')
  await settled(() => sent)
  // What the sockets of the kernel take is most of it.
  assert.ok(sent < size, `${sent} bytes went out that nobody reads`)
  const { body } = await readHttp2(download)
  assert.equal(body.length, size)

  const upload = lab.session.request({ ':method': 'POST' }, { endStream: false })
  const response = readHttp2(upload)
  let written = 0
  const piece = Buffer.alloc(64 * 1024)
  const more = (): void => {
    for (; written < size;) {
      written += piece.length
      if (!upload.write(piece)) return void upload.once('drain', more)
    }
    upload.end()
  }
  more()
  await until('the backend has the upload', () => uploads.length === 1)
  await settled(() => written)
  assert.ok(written < size, `${written} bytes went out that nobody reads`)
  let got = 0
  uploads[0]!.on('data', (chunk: Buffer) => (got += chunk.length))
  assert.equal((await response).status, 200)
  assert.equal(got, size)
  await lab.untilIdle()
})
