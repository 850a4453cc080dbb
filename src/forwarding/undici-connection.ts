import type { Duplex } from 'node:stream'
import { type Dispatcher, Pool } from 'undici'
import type {
  Exchange,
  FailureReason,
  ResponseSink,
  UpstreamConnection,
  UpstreamRequest
} from './connection.ts'

/** Settings of the connections to one backend, in milliseconds. */
export interface ConnectionSettings {
  /** 0 = none. */
  readonly connectTimeout: number
  /** How long an idle connection is kept. */
  readonly keepAlive: number
}

/**
 * The connections to one backend over undici's `dispatch`. The only file that knows undici's handler callbacks:
 * the raw ones, since the newer ones are wrapped around them and re-encode every header.
 *
 * undici's own timers are off: the attempt has its own. Its queue has no bound, so the pool may always open one
 * more connection instead of letting a request wait.
 */
export class UndiciConnection implements UpstreamConnection {
  readonly #pool: Pool

  /** @param origin - Origin of the backend. */
  constructor(origin: string, settings: ConnectionSettings) {
    this.#pool = new Pool(origin, {
      connections: null,
      pipelining: 1,
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: settings.keepAlive,
      connect: { timeout: settings.connectTimeout }
    })
  }

  send(request: UpstreamRequest, sink: ResponseSink): Exchange {
    const handler = new ExchangeHandler(sink)
    this.#pool.dispatch(
      {
        method: request.method,
        path: request.target,
        headers: request.headers,
        body: request.body,
        upgrade: request.upgrade ?? null
      },
      handler
    )
    return handler
  }

  async close(): Promise<void> {
    await this.#pool.close()
  }

  async destroy(): Promise<void> {
    await this.#pool.destroy()
  }
}

class ExchangeHandler implements Exchange, Dispatcher.DispatchHandler {
  readonly #sink: ResponseSink
  #abort: ((error?: Error) => void) | undefined
  #resume: (() => void) | undefined
  #sent = false
  #over = false

  constructor(sink: ResponseSink) {
    this.#sink = sink
  }

  abort(): void {
    if (this.#over) return
    this.#over = true
    this.#abort?.(new Error('aborted by the gateway'))
  }

  resume(): void {
    this.#resume?.()
  }

  onConnect(abort: (error?: Error) => void): void {
    if (this.#over) {
      abort(new Error('aborted by the gateway'))
      return
    }
    this.#abort = abort
    this.#sent = true
    this.#sink.onSending()
  }

  onHeaders(status: number, headers: Buffer[], resume: () => void, statusText: string): boolean {
    if (status < 200) return true
    this.#resume = resume
    this.#sink.onHead(status, statusText, latin1(headers))
    return true
  }

  onData(chunk: Buffer): boolean {
    return this.#sink.onBody(chunk)
  }

  onComplete(trailers: unknown): void {
    if (this.#over) return
    this.#over = true
    this.#sink.onEnd(Array.isArray(trailers) ? latin1(trailers) : [])
  }

  onUpgrade(_status: number, headers: Buffer[] | string[] | null, socket: Duplex): void {
    this.#over = true
    this.#sink.onUpgrade(latin1(headers ?? []), socket)
  }

  onError(error: Error): void {
    if (this.#over) return
    this.#over = true
    this.#sink.onFailure(failureReason(error, this.#sent))
  }
}

/** Field values are bytes: latin1 keeps each of them. */
function latin1(headers: readonly (Buffer | string)[]): string[] {
  return headers.map((item) => (typeof item === 'string' ? item : item.toString('latin1')))
}

const REASONS: Readonly<Record<string, FailureReason>> = {
  ECONNREFUSED: 'connect_refused',
  UND_ERR_CONNECT_TIMEOUT: 'connect_timeout',
  ETIMEDOUT: 'connect_timeout',
  ENOTFOUND: 'dns_failed',
  EAI_AGAIN: 'dns_failed',
  UND_ERR_SOCKET: 'reset',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'reset'
}

function failureReason(error: Error, sent: boolean): FailureReason {
  const code = errorCode(error)
  const reason = REASONS[code]
  if (sent) return reason === 'reset' || code === 'ETIMEDOUT' ? 'reset' : 'protocol_error'
  if (/^(ERR_TLS|ERR_SSL|CERT|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/.test(code)) return 'tls_failed'
  return reason === undefined || reason === 'reset' ? 'connect_failed' : reason
}

function errorCode(error: Error): string {
  if ('code' in error && typeof error.code === 'string') return error.code
  // A dual-stack connect fails with an AggregateError: its parts tell why.
  const [first] = error instanceof AggregateError ? (error.errors as unknown[]) : []
  return first instanceof Error ? errorCode(first) : ''
}
