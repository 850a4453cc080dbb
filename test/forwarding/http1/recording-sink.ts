import type { Duplex } from 'node:stream'
import type { TestContext } from 'node:test'
import type {
  Exchange,
  Failure,
  ResponseSink,
  UpstreamConnection,
  UpstreamRequest
} from '../../../src/forwarding/connection.ts'
import { type ConnectionSettings, Http1Connection } from '../../../src/forwarding/http1/http1-connection.ts'
import { until } from '../../helpers/until.ts'

/** An interim response or a final one's head. */
export interface SeenHead {
  readonly status: number
  readonly statusText: string
  readonly headers: string[]
}

/** Notes all that comes back. */
export class RecordingSink implements ResponseSink {
  /** Names of the calls in their order, repeated `body` left out. */
  readonly calls: string[] = []
  readonly information: SeenHead[] = []
  head: SeenHead | undefined
  readonly chunks: Buffer[] = []
  trailers: string[] | undefined
  upgraded: { readonly statusText: string; readonly headers: string[]; readonly socket: Duplex } | undefined
  failure: Failure | undefined
  exchange: Exchange | undefined
  /** What `onBody` answers. */
  wantsMore = true

  onSending(): void {
    this.#called('sending')
  }

  onInformation(status: number, statusText: string, headers: string[]): void {
    this.#called('information')
    this.information.push({ status, statusText, headers })
  }

  onHead(status: number, statusText: string, headers: string[]): void {
    this.#called('head')
    this.head = { status, statusText, headers }
  }

  onBody(chunk: Buffer): boolean {
    this.#called('body')
    this.chunks.push(chunk)
    return this.wantsMore
  }

  onEnd(trailers: string[]): void {
    this.#called('end')
    this.trailers = trailers
  }

  onUpgrade(statusText: string, headers: string[], socket: Duplex): void {
    this.#called('upgrade')
    this.upgraded = { statusText, headers, socket }
  }

  onFailure(failure: Failure): void {
    this.#called('failure')
    this.failure = failure
  }

  /** The body so far, as latin1. */
  get body(): string {
    return Buffer.concat(this.chunks).toString('latin1')
  }

  get over(): boolean {
    return this.trailers !== undefined || this.failure !== undefined || this.upgraded !== undefined
  }

  /** Waits until the exchange is over, in whatever way. */
  async settled(): Promise<this> {
    await until(`the exchange is over: ${this.calls.join(' ')}`, () => this.over)
    return this
  }

  #called(name: string): void {
    if (this.over) throw new Error(`${name} after the exchange was over: ${this.calls.join(' ')}`)
    if (name !== 'body' || this.calls.at(-1) !== 'body') this.calls.push(name)
  }
}

/** Connections that go with the test. */
export function connectTo(
  t: TestContext,
  url: string,
  settings: Partial<ConnectionSettings> = {}
): Http1Connection {
  const connection = new Http1Connection(url, { connectTimeout: 5000, keepAlive: 60_000, ...settings })
  t.after(() => connection.destroy())
  return connection
}

/** Sends a request, by default `GET /` for the host `shop.test`. */
export function send(connection: UpstreamConnection, request: Partial<UpstreamRequest> = {}): RecordingSink {
  const sink = new RecordingSink()
  sink.exchange = connection.send(
    { method: 'GET', target: '/', headers: ['Host', 'shop.test'], body: null, ...request },
    sink
  )
  return sink
}

/** Sends a request and waits until it is over. */
export async function settle(
  connection: UpstreamConnection,
  request: Partial<UpstreamRequest> = {}
): Promise<RecordingSink> {
  return await send(connection, request).settled()
}
