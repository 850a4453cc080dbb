import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { FinishedTrace } from '../../src/telemetry/finished-trace.ts'
import type { SendResult } from '../../src/telemetry/otlp-collector.ts'
import { type ExportNews, TraceExporter } from '../../src/telemetry/trace-exporter.ts'
import { type TraceBatch, TraceOutbox } from '../../src/telemetry/trace-outbox.ts'
import { until } from '../helpers/until.ts'

const TAKEN: SendResult = { kind: 'taken', refused: 0 }

/** Requests with one attempt each: two spans. */
function traces(count: number): FinishedTrace[] {
  return Array.from({ length: count }, () => ({ attempts: [{}] }) as unknown as FinishedTrace)
}

/** An exporter to a collector that does as it is told. */
function exporting(answer: (stopped: AbortSignal) => SendResult | Promise<SendResult>) {
  const sent: number[] = []
  const news: ExportNews[] = []
  const counts = { exported: 0, dropped: 0 }
  const exporter = new TraceExporter({
    write: (batch) => new Uint8Array(batch.length),
    send: async (message, stopped) => {
      sent.push(message.length)
      return await answer(stopped)
    },
    counts,
    onNews: (each) => news.push(each),
    delay: 1
  })
  const take = (count: number) => exporter.take({ traces: traces(count), dropped: 0 })
  return { exporter, take, sent, news, counts }
}

suite('the exporter', { concurrency: true }, () => {
  test('sends what has come together, in messages of a size', async () => {
    const { exporter, take, sent, news, counts } = exporting(() => TAKEN)
    take(10)
    take(600)
    await until('all were sent', () => counts.exported === 1220)
    assert.deepEqual(sent, [256, 256, 98])
    assert.deepEqual([news, counts.dropped, await exporter.close(0)], [[], 0, 0])
  })

  test('keeps what a collector that is away can not take, and says once that it is away, and that it is back', async () => {
    let isAway = true
    const { exporter, take, news, counts, sent } = exporting(() =>
      isAway ? { kind: 'failed', reason: 'connect_refused', isFinal: false } : TAKEN
    )
    take(3)
    await until('it was tried', () => sent.length === 1)
    take(4)
    isAway = false
    await until('all were sent', () => counts.exported === 14)
    assert.deepEqual(news, [
      { reason: 'connect_refused', dropped: 0 },
      { reason: undefined, dropped: 0 }
    ])
    await exporter.close(0)
  })

  test('leaves a collector alone for as long as it asks for', async () => {
    const { exporter, take, sent } = exporting(() => ({
      kind: 'failed',
      reason: 'status_429',
      isFinal: false,
      pause: 60_000
    }))
    take(1)
    await until('it was tried', () => sent.length === 1)
    await new Promise((resolve) => setTimeout(resolve, 1200))
    assert.equal(sent.length, 1)
    assert.equal(await exporter.close(0), 2)
  })

  test('does not send again what would be refused again', async () => {
    const answers: SendResult[] = [{ kind: 'failed', reason: 'status_401', isFinal: true }, TAKEN]
    const { exporter, take, news, counts } = exporting(() => answers.shift()!)
    take(3)
    await until('it was refused', () => counts.dropped === 6)
    take(2)
    await until('the next were sent', () => counts.exported === 4)
    assert.deepEqual(news, [
      { reason: 'status_401', dropped: 6 },
      { reason: undefined, dropped: 0 }
    ])
    await exporter.close(0)
  })

  test('counts what a collector has taken only in part', async () => {
    const { exporter, take, news, counts } = exporting(() => ({ kind: 'taken', refused: 2 }))
    take(3)
    await until('it was sent', () => counts.exported === 4)
    assert.deepEqual([counts.dropped, news], [2, [{ reason: 'spans_refused', dropped: 2 }]])
    await exporter.close(0)
  })

  test('has room for so many while a collector hangs, and drops and counts the others', async () => {
    const hanging = (stopped: AbortSignal): Promise<SendResult> =>
      new Promise((resolve) => {
        stopped.addEventListener('abort', () =>
          resolve({ kind: 'failed', reason: 'timeout', isFinal: false })
        )
      })
    const { exporter, take, news, counts, sent } = exporting(hanging)
    for (let count = 0; count < 100; count++) take(100)
    assert.deepEqual([counts.dropped, sent.length], [20_000 - 8192, 0])
    await until('it hangs', () => sent.length === 1)
    assert.deepEqual(news, [{ reason: 'queue_full', dropped: 8 }])
    const started = performance.now()
    assert.equal(await exporter.close(20), 8192)
    assert.ok(performance.now() - started < 5000)
    assert.deepEqual([counts.dropped, sent.length], [20_000, 1])
    take(1)
    assert.equal(counts.dropped, 20_002)
  })

  test('sends the rest at the end, but does not wait for a collector that fails', async () => {
    const well = exporting(() => TAKEN)
    well.take(600)
    assert.deepEqual([await well.exporter.close(5000), well.counts.exported], [0, 1200])
    const ill = exporting(() => ({ kind: 'failed', reason: 'status_503', isFinal: false }))
    ill.take(600)
    assert.deepEqual([await ill.exporter.close(60_000), ill.sent.length], [1200, 1])
  })
})

suite('the outbox of a thread', () => {
  test('sends one batch, and the next when that was taken', async () => {
    const batches: TraceBatch[] = []
    const outbox = new TraceOutbox((batch) => batches.push(batch))
    for (const trace of traces(3000)) outbox.add(trace)
    assert.deepEqual([batches.length, batches[0]!.traces.length], [1, 256])
    outbox.taken()
    assert.deepEqual([batches.length, batches[1]!.traces.length], [2, 256])
    assert.equal(batches[1]!.dropped, 2 * (3000 - 256 - 1024))
    outbox.flush()
    assert.deepEqual([batches.length, batches[2]!.traces.length, batches[2]!.dropped], [3, 1024 - 256, 0])
  })

  test('waits a moment for others', async () => {
    const batches: TraceBatch[] = []
    const outbox = new TraceOutbox((batch) => batches.push(batch))
    for (const trace of traces(2)) outbox.add(trace)
    assert.equal(batches.length, 0)
    const alive = setInterval(() => {}, 10)
    await until('they were sent', () => batches.length === 1)
    clearInterval(alive)
    assert.equal(batches[0]!.traces.length, 2)
  })
})
