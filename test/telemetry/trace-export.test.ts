import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FinishedTrace } from '../../src/telemetry/finished-trace.ts'
import { TraceExport } from '../../src/telemetry/trace-export.ts'
import { startCollector } from '../helpers/collector.ts'
import { collectLog } from '../helpers/log-lines.ts'
import { until } from '../helpers/until.ts'

const TRACE: FinishedTrace = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  parentId: undefined,
  state: undefined,
  start: 1_800_000_000_000.25,
  end: 1_800_000_000_001.5,
  fields: {
    requestId: 'r',
    traceId: '0af7651916cd43dd8448eb211c80319c',
    method: 'BREW',
    path: '/pot',
    route: undefined,
    group: undefined,
    backend: undefined,
    consumer: undefined,
    pick: undefined,
    attempts: 0,
    waited: undefined,
    status: 499,
    bytes: 0,
    timeToFirstByte: undefined,
    totalTime: 1.25,
    reason: 'client_gone',
    limit: undefined,
    dryRunLimit: undefined
  },
  scheme: 'https',
  host: '[::1]:8443',
  version: '2.0',
  routePath: undefined,
  attempts: []
}

function exporting() {
  const { log, lines } = collectLog()
  const made = new TraceExport({ log, instance: 'i', delay: 1 })
  const follow = (otlp?: string) =>
    made.follow(
      otlp === undefined ? {} : { tracing: { otlp, sample: 1, parentBased: true, service: 's', headers: {} } }
    )
  return { made, follow, lines, take: () => made.take({ traces: [TRACE], dropped: 0 }) }
}

test('what comes before the writer is loaded waits for it; odd requests have the attributes of conventions', async (t) => {
  const collector = await startCollector(t)
  const { made, follow, take } = exporting()
  follow(collector.url)
  take()
  const [span] = await collector.untilSpans(1)
  const { name, start, end, status, attributes } = span!
  assert.deepEqual(
    [name, start, end, status],
    ['HTTP', 1_800_000_000_000_250_000n, 1_800_000_000_001_500_000n, 0]
  )
  assert.deepEqual(attributes, {
    'http.request.method': '_OTHER',
    'http.request.method_original': 'BREW',
    'url.path': '/pot',
    'url.scheme': 'https',
    'server.address': '::1',
    'server.port': 8443,
    'network.protocol.version': '2',
    'error.type': 'client_gone',
    'xecureapi.request_id': 'r',
    'xecureapi.attempts': 0,
    'xecureapi.reason': 'client_gone'
  })
  await made.stop(0)
})

test('a stop waits neither for a collector that hangs nor for one before it', async (t) => {
  const [before, after] = [await startCollector(t), await startCollector(t)]
  before.answer = after.answer = () => 'none'
  const { made, follow, take, lines } = exporting()
  for (const collector of [before, after]) {
    follow(collector.url)
    take()
    await until('it hangs', () => collector.messages().length === 1)
  }
  const started = performance.now()
  await made.stop(50)
  assert.ok(performance.now() - started < 4000)
  assert.deepEqual(made.counts, { exported: 0, dropped: 2 })
  assert.equal(lines('traces were left that could not be exported').length, 2)
})

test('nothing is exported where nobody asks for it, and nothing is kept', async () => {
  const { made, follow, take } = exporting()
  take()
  follow()
  assert.deepEqual(made.counts, { exported: 0, dropped: 1 })
  follow('http://127.0.0.1:9')
  take()
  follow()
  await made.stop(0)
  assert.deepEqual(made.counts, { exported: 0, dropped: 2 })
})
