import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { startBackend } from '../helpers/backend.ts'
import { type CollectedSpan, startCollector } from '../helpers/collector.ts'
import { type SeenRequest, seenRequest, startEchoBackend } from '../helpers/echo-backend.ts'
import { exchange } from '../helpers/exchange.ts'
import { startGateway } from '../helpers/gateway.ts'
import { closedPort, startMisbehavingBackend } from '../helpers/misbehaving-backend.ts'
import { rawClient, upgradeRequest } from '../helpers/raw-client.ts'
import { until } from '../helpers/until.ts'

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c'
const PARENT_ID = 'b7ad6b7169203331'
const SAMPLED = `00-${TRACE_ID}-${PARENT_ID}-01`
const UNSAMPLED = `00-${TRACE_ID}-${PARENT_ID}-00`

function traceparentOf({ headers }: SeenRequest): RegExpExecArray {
  const [value = '', ...others] = headers['traceparent'] ?? []
  assert.deepEqual(others, [])
  const parts = /^00-([\da-f]{32})-([\da-f]{16})-(0[01])$/.exec(value)
  assert.ok(parts, value)
  return parts
}

async function seen(url: string, headers: Record<string, string> = {}): Promise<SeenRequest> {
  return seenRequest((await exchange(url, { headers })).body)
}

/** Of one trace: its server span, and its client spans in the order of their starts. */
function traceOf(spans: readonly CollectedSpan[], traceId: string): [CollectedSpan, ...CollectedSpan[]] {
  const own = spans.filter((span) => span.traceId === traceId)
  const [server, ...more] = own.filter(({ kind }) => kind === 'server')
  assert.ok(server && more.length === 0, `${own.length} spans of ${traceId}`)
  const clients = own.filter(({ kind }) => kind === 'client').sort((a, b) => Number(a.start - b.start))
  return [server, ...clients]
}

for (const workers of [0, 2]) {
  suite(`traces with ${workers} workers`, { concurrency: 2 }, () => {
    test('backends learn the trace, and each attempt is a span of its own, although nothing is exported', async (t) => {
      const backend = await startEchoBackend(t, 'a')
      const { url } = await startGateway(
        t,
        {
          upstreams: { catalog: { backends: [backend.url] } },
          routes: [
            { path: '/', upstream: 'catalog' },
            { path: '/buffered', upstream: 'catalog', mode: 'buffered' }
          ]
        },
        { workers }
      )
      for (const path of ['/', '/buffered']) {
        const [, traceId, spanId, flags] = traceparentOf(await seen(url + path))
        assert.equal(flags, '00')
        const [, other, otherSpan] = traceparentOf(await seen(url + path))
        assert.notEqual(traceId, other)
        assert.notEqual(spanId, otherSpan)
        for (const traceparent of [SAMPLED, UNSAMPLED]) {
          const request = await seen(url + path, { traceparent, tracestate: 'rojo=1 , congo=2' })
          const [, same, own, passed] = traceparentOf(request)
          assert.equal(same, TRACE_ID)
          assert.notEqual(own, PARENT_ID)
          assert.equal(passed, traceparent.slice(-2))
          assert.deepEqual(request.headers['tracestate'], ['rojo=1,congo=2'])
        }
        const wrong = await seen(url + path, { traceparent: `${SAMPLED}-more`, tracestate: 'rojo=1' })
        assert.notEqual(traceparentOf(wrong)[1], TRACE_ID)
        assert.equal(wrong.headers['tracestate'], undefined)
      }
    })

    test('a request is a server span, its attempts are client spans, and ids link up', async (t) => {
      const collector = await startCollector(t)
      const backend = await startEchoBackend(t, 'a')
      const { url } = await startGateway(
        t,
        {
          tracing: { otlp: collector.url, sample: 1, service: 'shop-front' },
          upstreams: { catalog: { backends: [backend.url] } },
          routes: [{ name: 'products', path: '/api/:version', upstream: 'catalog', rewrite: '/inner' }]
        },
        { workers }
      )
      const request = await seen(`${url}/api/v1/42?token=query-secret`, {
        traceparent: SAMPLED,
        tracestate: 'rojo=1',
        'x-request-id': 'mine',
        authorization: 'Bearer header-secret'
      })
      const [, traceId = '', spanId, flags] = traceparentOf(request)
      const [server, client, ...none] = traceOf(await collector.untilSpans(2), traceId)
      assert.deepEqual(none, [])
      assert.deepEqual([server.parentSpanId, server.traceState, flags], [PARENT_ID, 'rojo=1', '01'])
      assert.deepEqual([client!.parentSpanId, client!.spanId], [server.spanId, spanId])
      assert.ok(server.start <= client!.start && client!.start <= client!.end && client!.end <= server.end)
      assert.deepEqual(
        [server.service, server.name, client!.name],
        ['shop-front', 'GET /api/:version', 'GET']
      )
      assert.deepEqual(server.attributes, {
        'http.request.method': 'GET',
        'url.path': '/api/v1/42',
        'url.scheme': 'http',
        'server.address': '127.0.0.1',
        'server.port': Number(new URL(url).port),
        'network.protocol.version': '1.1',
        'http.route': '/api/:version',
        'http.response.status_code': 200,
        'xecureapi.request_id': 'mine',
        'xecureapi.route': 'products',
        'xecureapi.group': 'catalog',
        'xecureapi.attempts': 1
      })
      assert.deepEqual(client!.attributes, {
        'http.request.method': 'GET',
        'url.full': `${backend.url}/inner/42`,
        'server.address': '127.0.0.1',
        'server.port': backend.port,
        'http.response.status_code': 200,
        'xecureapi.route': 'products',
        'xecureapi.group': 'catalog',
        'xecureapi.backend': `127.0.0.1:${backend.port}`
      })
      assert.deepEqual([server.status, client!.status], [0, 0])
      await exchange(`${url}/nowhere`)
      const refused = (await collector.untilSpans(3)).at(-1)!
      assert.deepEqual(
        [
          refused.name,
          refused.attributes['http.response.status_code'],
          refused.attributes['xecureapi.reason']
        ],
        ['GET', 404, 'no_route']
      )
    })
  })
}

suite('traces', { concurrency: 3 }, () => {
  const workers = 2

  test('a retry is a second client span, with its number and the reason of the first', async (t) => {
    const collector = await startCollector(t)
    const gone = await closedPort()
    const ill = await startBackend(t, 'ill', (_request, response) => void response.writeHead(503).end())
    const well = await startEchoBackend(t, 'well')
    const { url } = await startGateway(
      t,
      {
        tracing: { otlp: collector.url, sample: 1 },
        upstreams: {
          refused: {
            backends: [
              { url: gone, weight: 1000 },
              { url: well.url, tier: 1 }
            ],
            panicThreshold: 0
          },
          status: { backends: [ill.url, { url: well.url, tier: 1 }], retry: { on: [503] } }
        },
        routes: ['refused', 'status'].map((name) => ({ path: `/${name}`, upstream: name }))
      },
      { workers }
    )
    for (const [path, reason, error] of [
      ['/refused', 'connect_refused', 'connect_refused'],
      ['/status', undefined, '503']
    ] as const) {
      const before = collector.spans().length
      const [, traceId = '', spanId] = traceparentOf(await seen(url + path))
      const [server, first, second] = traceOf(await collector.untilSpans(before + 3), traceId)
      assert.deepEqual([first!.parentSpanId, second!.parentSpanId], [server.spanId, server.spanId])
      assert.equal(second!.spanId, spanId)
      assert.notEqual(first!.spanId, spanId)
      const {
        'error.type': type,
        'xecureapi.reason': why,
        'http.request.resend_count': none
      } = first!.attributes
      assert.deepEqual([type, why, none, first!.status], [error, reason, undefined, 2])
      assert.equal(second!.attributes['http.request.resend_count'], 1)
      assert.equal(second!.attributes['http.response.status_code'], 200)
      assert.equal(server.attributes['xecureapi.attempts'], 2)
      assert.equal(server.status, 0)
    }
  })

  test('the client decides over its trace, sample over those that begin here', async (t) => {
    const collector = await startCollector(t)
    const backend = await startEchoBackend(t, 'a')
    const configOf = (tracing: object | undefined) => ({
      ...(tracing && { tracing: { otlp: collector.url, ...tracing } }),
      upstreams: { catalog: { backends: [backend.url] } },
      routes: [{ path: '/', upstream: 'catalog' }]
    })
    const { gateway, url, write } = await startGateway(t, configOf({ sample: 0 }), { workers })
    const flagsOf = async (traceparent?: string): Promise<string | undefined> =>
      traceparentOf(await seen(url, traceparent === undefined ? {} : { traceparent }))[3]
    const expected: number[] = []
    for (const [tracing, flags, spans] of [
      [{ sample: 0 }, ['00', '01', '00'], 2],
      [{ sample: 1 }, ['01', '01', '00'], 4],
      [{ sample: 0, parentBased: false }, ['00', '00', '00'], 0],
      [{ sample: 1, parentBased: false }, ['01', '01', '01'], 6],
      [undefined, ['00', '01', '00'], 0]
    ] as const) {
      await write(configOf(tracing))
      await gateway.reload('signal')
      assert.deepEqual([await flagsOf(), await flagsOf(SAMPLED), await flagsOf(UNSAMPLED)], flags)
      expected.push((expected.at(-1) ?? 0) + spans)
      await collector.untilSpans(expected.at(-1)!)
      assert.equal(collector.spans().length, expected.at(-1))
    }
  })

  test('spans go on over a reload to another collector', async (t) => {
    const [before, after] = [await startCollector(t), await startCollector(t)]
    const backend = await startEchoBackend(t, 'a')
    const configOf = (otlp: string) => ({
      tracing: { otlp, sample: 1 },
      upstreams: { catalog: { backends: [backend.url] } },
      routes: [{ path: '/', upstream: 'catalog' }]
    })
    const { gateway, url, write } = await startGateway(t, configOf(before.url), { workers })
    for (let count = 0; count < 10; count++) await exchange(url)
    await write(configOf(after.url))
    assert.equal((await gateway.reload('signal')).outcome, 'applied')
    for (let count = 0; count < 10; count++) await exchange(url)
    await until('all spans have come', () => before.spans().length + after.spans().length === 40)
    assert.ok(after.spans().length >= 20)
  })
})

test('broken requests and upgrades have their spans when they are over', async (t) => {
  const collector = await startCollector(t)
  const backend = await startMisbehavingBackend(t)
  const { url } = await startGateway(t, {
    tracing: { otlp: `${collector.url}/own/path`, sample: 1, headers: { 'x-key': 'collector-secret' } },
    upstreams: {
      catalog: { backends: [backend.url], timeouts: { response: '100ms' }, retry: { attempts: 1 } }
    },
    routes: [{ path: '/', upstream: 'catalog' }]
  })
  const next = async (count: number): Promise<[CollectedSpan, CollectedSpan]> => {
    const [server, client] = (await collector.untilSpans(count)).slice(-2)
    return [server!, client!]
  }
  await exchange(`${url}/never`)
  const [timed, attempt] = await next(2)
  assert.deepEqual([timed.attributes['error.type'], timed.status], ['response_timeout', 2])
  assert.deepEqual(
    [timed.attributes['http.response.status_code'], attempt.attributes['http.response.status_code']],
    [504, undefined]
  )
  assert.equal(attempt.attributes['error.type'], 'response_timeout')

  await assert.rejects(exchange(`${url}/cut`))
  const [cut, broken] = await next(4)
  assert.deepEqual([cut.attributes['xecureapi.reason'], broken.attributes['error.type']], ['reset', 'reset'])

  const client = await rawClient(t, url)
  client.write(upgradeRequest('/echo'))
  await client.untilText('101 Switching Protocols')
  await new Promise((resolve) => setTimeout(resolve, 300))
  assert.equal(collector.spans().length, 4)
  client.socket.end()
  const [server, joined] = await next(6)
  assert.equal(server.attributes['http.response.status_code'], 101)
  assert.equal(joined.attributes['http.response.status_code'], 101)
  assert.ok(server.end - server.start > 250_000_000n)
  const { url: path, headers } = collector.messages()[0]!
  assert.deepEqual(
    [path, headers['x-key'], headers['content-type']],
    ['/own/path', 'collector-secret', 'application/json']
  )
})
