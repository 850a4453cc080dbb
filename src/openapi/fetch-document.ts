import type { UpstreamGroupConfig } from '../config/types.ts'
import type { Exchange, Failure, ResponseSink, UpstreamConnection } from '../forwarding/connection.ts'
import { Http1Connection } from '../forwarding/http1/http1-connection.ts'
import { Http2Connection } from '../forwarding/http2/http2-connection.ts'
import { tlsSettings } from '../tls/upstream-tls.ts'

/** The largest document that is read, in bytes. The largest that are known have some 15 MB. */
export const MAX_DOCUMENT = 16 * 1024 * 1024
/** How long one may take as a whole, in milliseconds. */
const TIMEOUT = 10_000

/** A backend's answer. */
export type DocumentAnswer =
  | { readonly bytes: Buffer; readonly etag: string | undefined }
  | { readonly isUnchanged: true }
  | { readonly reason: string }

/** What is asked for. */
export interface DocumentRequest {
  /** Origin of the backend. */
  readonly url: string
  /** Host and SNI to ask for instead. */
  readonly authority?: string | undefined
  readonly group: Pick<UpstreamGroupConfig, 'protocol' | 'tls' | 'timeouts'>
  /** Path and query. */
  readonly path: string
  /** Of the document that is known already. */
  readonly etag?: string | undefined
  /** Milliseconds over all of it, by default 10 s. */
  readonly timeout?: number
}

/**
 * Asks a backend for its document, by the client that real traffic goes by. Never follows elsewhere, reads no more than
 * {@link MAX_DOCUMENT}, and ends in time.
 */
export async function fetchDocument(request: DocumentRequest, stopped: AbortSignal): Promise<DocumentAnswer> {
  if (stopped.aborted) return { reason: 'stopped' }
  const connection = connect(request)
  const { promise, resolve } = Promise.withResolvers<DocumentAnswer>()
  const timer = setTimeout(() => resolve({ reason: 'timeout' }), request.timeout ?? TIMEOUT)
  const onStop = (): void => resolve({ reason: 'stopped' })
  stopped.addEventListener('abort', onStop)
  let exchange: Exchange | undefined
  try {
    const { path: target, etag } = request
    const headers = ['accept', 'application/json, application/yaml;q=0.9, */*;q=0.5']
    if (etag !== undefined) headers.push('if-none-match', etag)
    exchange = connection.send({ method: 'GET', target, headers, body: null }, new Reader(resolve))
    return await promise
  } catch {
    return { reason: 'protocol_error' }
  } finally {
    clearTimeout(timer)
    stopped.removeEventListener('abort', onStop)
    exchange?.abort()
    void connection.destroy()
  }
}

function connect({ url, authority, group }: DocumentRequest): UpstreamConnection {
  const tls = tlsSettings(group.tls)
  const settings = { connectTimeout: group.timeouts.connect, keepAlive: 0, ...(tls && { tls }) }
  return group.protocol === 'h2'
    ? new Http2Connection(url, settings, authority)
    : new Http1Connection(url, settings, authority)
}

/** Collects a response. */
class Reader implements ResponseSink {
  readonly #settle: (answer: DocumentAnswer) => void
  readonly #chunks: Buffer[] = []
  #etag: string | undefined
  #size = 0

  constructor(settle: (answer: DocumentAnswer) => void) {
    this.#settle = settle
  }

  onSending(): void {}

  onInformation(): void {}

  onHead(status: number, _text: string, headers: string[]): void {
    const field = (name: string): string | undefined =>
      headers.find((_, index) => index % 2 === 1 && headers[index - 1]!.toLowerCase() === name)
    this.#etag = field('etag')
    if (status === 304) this.#settle({ isUnchanged: true })
    else if (status !== 200) this.#settle({ reason: `status_${status}` })
    // Nobody asked for one.
    else if ((field('content-encoding') ?? 'identity') !== 'identity') this.#settle({ reason: 'encoded' })
    else if (Number(field('content-length') ?? 0) > MAX_DOCUMENT) this.#settle({ reason: 'too_large' })
  }

  onBody(chunk: Buffer): boolean {
    this.#size += chunk.length
    if (this.#size > MAX_DOCUMENT) {
      this.#settle({ reason: 'too_large' })
      return false
    }
    // The connection may use its memory again.
    this.#chunks.push(Buffer.from(chunk))
    return true
  }

  onEnd(): void {
    this.#settle({ bytes: Buffer.concat(this.#chunks), etag: this.#etag })
  }

  onUpgrade(_text: string, _headers: string[], socket: { destroy(): void }): void {
    socket.destroy()
    this.#settle({ reason: 'protocol_error' })
  }

  onFailure({ reason }: Failure): void {
    const isLate = reason === 'connect_timeout' || reason === 'response_timeout'
    this.#settle({ reason: isLate ? 'timeout' : reason })
  }
}
