import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { answering } from './raw-backend.ts'
import { connectTo, RecordingSink, settle } from './recording-sink.ts'

const REQUEST = { method: 'GET', target: '/', headers: ['Host', 'shop.test'], body: null }

const RESPONSE =
  'HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n' +
  '2\r\nok\r\n0\r\nX-Sum: 2\r\n\r\n'

/** A sink that aborts its exchange as soon as it hears of one thing. */
class AbortingSink extends RecordingSink {
  readonly #at: string

  constructor(at: string) {
    super()
    this.#at = at
  }

  #heard(what: string): void {
    if (what === this.#at) this.exchange!.abort()
  }

  override onInformation(status: number, statusText: string, headers: string[]): void {
    super.onInformation(status, statusText, headers)
    this.#heard('information')
  }

  override onHead(status: number, statusText: string, headers: string[]): void {
    super.onHead(status, statusText, headers)
    this.#heard('head')
  }

  override onBody(chunk: Buffer): boolean {
    super.onBody(chunk)
    this.#heard('body')
    return true
  }

  override onEnd(trailers: string[]): void {
    super.onEnd(trailers)
    this.#heard('end')
  }
}

for (const [at, calls] of [
  ['information', ['sending', 'information']],
  ['head', ['sending', 'information', 'head']],
  ['body', ['sending', 'information', 'head', 'body']]
] as const) {
  test(`a sink may abort when it hears of the ${at}, and hears no more`, async (t) => {
    const backend = await answering(t, RESPONSE)
    const connection = connectTo(t, backend.url)
    const sink = new AbortingSink(at)
    sink.exchange = connection.send(REQUEST, sink)
    await (await backend.connection(0)).untilClosed()
    await delay(20)
    assert.deepEqual(sink.calls, calls)
    assert.equal((await settle(connection)).body, 'ok')
    assert.equal(backend.connections.length, 2)
  })
}

test('an abort at the end changes nothing', async (t) => {
  const backend = await answering(t, RESPONSE)
  const connection = connectTo(t, backend.url)
  const sink = new AbortingSink('end')
  sink.exchange = connection.send(REQUEST, sink)
  await sink.settled()
  assert.equal((await settle(connection)).body, 'ok')
  assert.equal(backend.connections.length, 1)
})

test('a sink may send the next request as soon as it hears of the end, over the same connection', async (t) => {
  const backend = await answering(t, RESPONSE)
  const connection = connectTo(t, backend.url)
  const next = new RecordingSink()
  const first = new (class extends RecordingSink {
    override onEnd(trailers: string[]): void {
      super.onEnd(trailers)
      next.exchange = connection.send(REQUEST, next)
    }
  })()
  first.exchange = connection.send(REQUEST, first)
  await next.settled()
  assert.deepEqual(
    [first.body, first.trailers, next.body, next.trailers],
    ['ok', ['X-Sum', '2'], 'ok', ['X-Sum', '2']]
  )
  assert.equal(backend.connections.length, 1)
})

test('a sink may try again as soon as it hears of a failure', async (t) => {
  const backend = await answering(t, 'HTTP/1.1 200 O\0K\r\n\r\n')
  const connection = connectTo(t, backend.url)
  const next = new RecordingSink()
  const first = new (class extends RecordingSink {
    override onFailure(failure: NonNullable<RecordingSink['failure']>): void {
      super.onFailure(failure)
      next.exchange = connection.send(REQUEST, next)
    }
  })()
  first.exchange = connection.send(REQUEST, first)
  await next.settled()
  assert.equal(next.failure?.reason, 'protocol_error')
  assert.equal(backend.connections.length, 2)
})
