import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { WebSocket } from 'ws'
import {
  answeringFrames,
  CODE,
  data,
  FLAG,
  FRAME,
  goaway,
  headers,
  reset,
  startFrameBackend
} from '../forwarding/http2/frame-backend.ts'
import { startHttp2Backend, type StreamHandler } from '../forwarding/http2/http2-backend.ts'
import { startBackend } from '../helpers/backend.ts'
import { exchange } from '../helpers/exchange.ts'
import { backendOf } from '../helpers/gateway.ts'
import { assertLine, get, startLab } from '../helpers/lab.ts'
import { until } from '../helpers/until.ts'

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c'

/** Answers with the request as it came, its body last. */
const echo: StreamHandler = (stream, _headers, raw) => {
  const chunks: Buffer[] = []
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  stream.on('end', () => {
    const fields: Record<string, string> = {}
    for (let index = 0; index < raw.length; index += 2) fields[raw[index]!] = raw[index + 1]!
    stream.respond([
      ':status',
      '200',
      'content-type',
      'application/json',
      'set-cookie',
      'a=1',
      'set-cookie',
      'b=2'
    ])
    stream.end(JSON.stringify({ fields, body: Buffer.concat(chunks).toString() }))
  })
}

/** Half of a refusal: the gateway finds another backend. */
const refuse = (stream: number): Buffer[] => [reset(stream, CODE.refused)]

function ok(stream: number): Buffer[] {
  return [headers(stream, 0, ':status', '200'), data(stream, 'ok', FLAG.endStream)]
}

for (const workers of [0, 2]) {
  test(`HTTP/1.1 clients reach HTTP/2 backends, with ${workers} workers`, async (t) => {
    const backend = await startHttp2Backend(t, echo)
    const lab = await startLab(t, { workers, backends: [backend.url], group: { protocol: 'h2' } })

    await t.test('with method, path, header and body as they are', async () => {
      const {
        status,
        headers: fields,
        body
      } = await exchange(`${lab.url}/a%20b?c=%ff`, {
        method: 'PUT',
        headers: {
          Host: 'shop.test',
          'X-A': ['1', '2'],
          TE: 'trailers',
          Connection: 'keep-alive, TE',
          Traceparent: `00-${TRACE_ID}-b7ad6b7169203331-01`,
          Tracestate: 'a=1, b=2'
        },
        body: 'upload'
      })
      assert.equal(status, 200)
      assert.deepEqual(fields['set-cookie'], ['a=1', 'b=2'])
      const seen = JSON.parse(body) as { fields: Record<string, string>; body: string }
      assert.equal(seen.body, 'upload')
      const expected = {
        ':method': 'PUT',
        ':path': '/a%20b?c=%ff',
        ':authority': 'shop.test',
        ':scheme': 'http',
        te: 'trailers',
        via: '1.1 xecureapi',
        tracestate: 'a=1,b=2'
      }
      const picked = Object.keys(expected).map((name) => [name, seen.fields[name]])
      assert.deepEqual(Object.fromEntries(picked), expected)
      assert.match(
        seen.fields['traceparent']!,
        new RegExp(`^00-${TRACE_ID}-(?!b7ad6b7169203331)[\\da-f]{16}-01$`)
      )
      assert.equal(seen.fields['connection'], undefined)
      // Worker threads write their log lines themselves.
      if (workers === 0) assertLine(await lab.nextLine(), { status: 200, attempts: 1 })
    })

    await t.test('many at once over few connections', async () => {
      const answers = await Promise.all(Array.from({ length: 200 }, () => exchange(`${lab.url}/`)))
      assert.ok(answers.every(({ status }) => status === 200))
      assert.ok(backend.opened.sessions <= 2 * Math.max(1, workers), `${backend.opened.sessions} sessions`)
      assert.ok(backend.opened.streams > 200)
    })

    await t.test('WebSocket is refused, other wishes for a protocol are passed over', async () => {
      const streams = backend.opened.streams
      const socket = new WebSocket(lab.url.replace('http', 'ws'))
      const [, response] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode: number }]
      socket.on('error', () => {})
      socket.terminate()
      assert.equal(response.statusCode, 501)
      assert.equal(backend.opened.streams, streams)
      const answer = await exchange(`${lab.url}/`, { headers: { Connection: 'Upgrade', Upgrade: 'h2c' } })
      assert.equal(answer.status, 200)
      assert.equal((JSON.parse(answer.body) as { fields: object })['fields' as never]['upgrade'], undefined)
    })

    await lab.untilIdle()
  })
}

test('what a backend refuses goes to another one, whatever the method, and counts as an attempt', async (t) => {
  const refusing = await answeringFrames(t, refuse)
  const well = await startHttp2Backend(t, echo)
  const group = { protocol: 'h2', retry: { attempts: 2, on: [] } }
  const lab = await startLab(t, { backends: [refusing.url, well.url], group })
  for (let turn = 0; turn < 4; turn++) {
    const answer = await exchange(`${lab.url}/`, { method: 'POST', body: 'order' })
    assert.equal(answer.status, 200)
    assert.equal((JSON.parse(answer.body) as { body: string }).body, 'order')
    const { attempts } = await lab.nextLine()
    assert.ok(attempts === 1 || attempts === 2)
  }
  const refusals = refusing.connections[0]!.frames.filter(({ type }) => type === FRAME.headers).length
  assert.ok(refusals > 0)
  await lab.untilIdle()
})

test('a body that has not been read yet can be refused, however large it is', async (t) => {
  const refusing = await answeringFrames(t, refuse)
  const well = await startHttp2Backend(t, (stream) => {
    stream.resume()
    stream.on('end', () => stream.respond({ ':status': 200 }, { endStream: true }))
  })
  const group = { protocol: 'h2', retry: { attempts: 2, on: [], bodyBuffer: '0B' } }
  const lab = await startLab(t, { backends: [refusing.url, well.url], group })
  for (let turn = 0; turn < 2; turn++) {
    const outgoing = request(lab.url, { method: 'POST', agent: false })
    outgoing.flushHeaders()
    if (turn === 0) await until('it was refused', () => well.opened.streams > 0)
    outgoing.end('x'.repeat(200_000))
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
    response.resume()
    assert.equal(response.statusCode, 200)
  }
  await lab.untilIdle()
})

test('what only a closing connection did not take is sent again, which is no attempt', async (t) => {
  let connections = 0
  const backend = await startFrameBackend(t, {
    onFrame: (connection, { type, stream }) => {
      if (type !== FRAME.headers) return
      if (stream === 1 && ++connections === 1) connection.send(...ok(stream))
      else if (connections === 1) connection.send(goaway(1, CODE.none))
      else connection.send(...ok(stream))
    }
  })
  const lab = await startLab(t, {
    backends: [backend.url],
    group: { protocol: 'h2', retry: { attempts: 1 } }
  })
  for (const method of ['GET', 'POST', 'GET']) {
    const body = method === 'POST' ? 'order' : undefined
    const answer = await exchange(`${lab.url}/`, { method, ...(body && { body }) })
    assert.deepEqual([answer.status, answer.body], [200, 'ok'])
    assertLine(await lab.nextLine(), { attempts: 1, reason: undefined })
  }
  assert.equal(backend.connections.length, 2)
  await lab.untilIdle()
})

test('a response that breaks off, breaks off for the client, with the reason in the log', async (t) => {
  const backend = await answeringFrames(t, (stream) => [
    headers(stream, 0, ':status', '200'),
    data(stream, 'half'),
    reset(stream, CODE.none)
  ])
  const lab = await startLab(t, { backends: [backend.url], group: { protocol: 'h2' } })
  await assert.rejects(exchange(`${lab.url}/`))
  assertLine(await lab.nextLine(), { status: 200, reason: 'reset' })
  await lab.untilIdle()
})

test('a backend that speaks HTTP/1.1 is a 502 with its reason', async (t) => {
  const backend = await startBackend(t, 'old')
  const lab = await startLab(t, { backends: [backend.url], group: { protocol: 'h2' } })
  assert.equal((await exchange(`${lab.url}/`, { method: 'POST', body: 'x' })).status, 502)
  assertLine(await lab.nextLine(), { status: 502, reason: 'protocol_error' })
  await lab.untilIdle()
})

test('a client that leaves gives its stream up, and the upload with it', async (t) => {
  const backend = await startHttp2Backend(t, (stream) => stream.respond({ ':status': 200 }))
  const lab = await startLab(t, { backends: [backend.url], group: { protocol: 'h2' } })
  const client = await lab.client()
  client.write(get('/'))
  await client.untilText('200')
  const outgoing = request(lab.url, { method: 'POST', agent: false })
  outgoing.on('error', () => {})
  new PassThrough().end('part').pipe(outgoing, { end: false })
  await until('both came', () => backend.opened.streams === 2)
  client.socket.destroy()
  outgoing.destroy()
  await until('no stream is left', () => backend.streams.size === 0)
  assert.equal(backend.sessions.size, 1)
  await lab.untilIdle()
})

test('backends are probed over HTTP/2; one that speaks HTTP/1.1 is ill', async (t) => {
  const well = await startHttp2Backend(t)
  const old = await startBackend(t, 'old')
  const lab = await startLab(t, {
    backends: [well.url, old.url],
    group: { protocol: 'h2', healthCheck: { interval: '100ms', unhealthyAfter: 1 } }
  })
  await until('one is ill', async () => backendOf(await lab.group('lab'), old.url).health === 'unhealthy')
  const group = await lab.group('lab')
  assert.equal(backendOf(group, old.url).reason, 'protocol_error')
  assert.equal(backendOf(group, well.url).health, 'healthy')
  for (let turn = 0; turn < 4; turn++) assert.equal((await exchange(`${lab.url}/`)).status, 200)
})
