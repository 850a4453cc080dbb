import { type ClientHttp2Session, type ClientHttp2Stream, constants } from 'node:http2'
import type { Exchange, Failure, FailureReason, ResponseSink, UpstreamRequest } from '../connection.ts'
import type { RequestFields } from './request-fields.ts'
import { announcedLength, reasonPhrase, statusOf } from './response-head.ts'
import { brokenStream } from './stream-failure.ts'
import { StreamUpload } from './stream-upload.ts'
import { onEndOfStream } from './end-of-stream.ts'

/** What an exchange needs to know of the session that its stream belongs to. */
export interface StreamOwner {
  /** The most bytes of names and values in a head, and in trailers. */
  readonly maxResponseHead: number
  /** Bytes that came so far. */
  readonly bytesRead: number
  /** Whether a response came over it already. */
  readonly served: boolean
  /** Whether its connection is gone. */
  readonly broken: boolean
  /** Whether the backend has said that it never looked at a stream: it is above the last one that its GOAWAY names. */
  isUnseen(stream: number): boolean
  /** It has no number left for another stream. */
  spent(): void
  /** It is not wanted any more; only while it waits. */
  withdraw(exchange: Http2Exchange): void
  /** Its response has begun. */
  answered(): void
  /** Its stream is closed. */
  closed(exchange: Http2Exchange): void
}

/** One request under way: it waits for a session, then is one of its streams. */
export class Http2Exchange implements Exchange {
  readonly #request: UpstreamRequest
  readonly #head: RequestFields
  readonly #sink: ResponseSink
  #owner: StreamOwner | undefined
  #stream: ClientHttp2Stream | undefined
  #upload: StreamUpload | undefined
  /** What had come over the session when the request went out. */
  #readBefore = 0
  #error: Error | undefined
  #trailers: string[] = []
  /** Bytes of the body that the backend has announced and that have not come. */
  #missing: number | undefined
  #hasInformed = false
  #hasHead = false
  #isPaused = false
  /** Whether the backend has ended the response in order. */
  #isWhole = false
  /** Whether nothing more comes of the stream, in whatever way. */
  #hasEnded = false
  /** What of a whole response the sink has not taken yet. */
  #rest: Buffer[] = []
  #over = false

  constructor(request: UpstreamRequest, head: RequestFields, sink: ResponseSink) {
    this.#request = request
    this.#head = head
    this.#sink = sink
  }

  /** Whether only a session over which nothing ever came will do. */
  get fresh(): boolean {
    return this.#request.fresh ?? false
  }

  /** It waits for this session from now on. */
  waitFor(owner: StreamOwner): void {
    this.#owner = owner
  }

  /** Sends the request. @returns Whether there is a stream now; then {@link StreamOwner.closed} is called once. */
  begin(owner: StreamOwner, session: ClientHttp2Session): boolean {
    const { body } = this.#request
    this.#owner = owner
    this.#sink.onSending()
    // The sink may have had enough.
    if (this.#over) return false
    this.#readBefore = owner.bytesRead
    const { bodyLength } = this.#head
    const stream = this.#open(session)
    if (!stream) return false
    this.#stream = stream
    onEndOfStream(stream, (rest) => {
      this.#isWhole = true
      this.#rest = rest
    })
    stream.on('headers', (_headers, _flags, raw) => this.#onInformation(raw))
    stream.on('response', (_headers, _flags, raw) => this.#onHead(raw))
    stream.on('trailers', (_headers, _flags, raw) => this.#onTrailers(raw))
    stream.on('end', () => this.#onEnd())
    stream.on('error', (error: Error) => (this.#error ??= error))
    stream.on('close', () => {
      owner.closed(this)
      this.#onEnd()
    })
    if (body) {
      this.#upload = new StreamUpload(this.#request, bodyLength, stream, () => this.#onBrokenUpload())
      this.#upload.start()
    }
    return true
  }

  abort(): void {
    if (this.#over) return
    this.#finish()
    if (this.#stream) this.#close(constants.NGHTTP2_CANCEL)
    else this.#owner?.withdraw(this)
  }

  resume(): void {
    if (this.#over || !this.#isPaused) return
    this.#isPaused = false
    if (this.#isWhole) this.#deliverRest()
    else this.#stream!.resume()
  }

  /** No session came about, or none took it. */
  fail(failure: Failure): void {
    if (this.#over) return
    this.#finish()
    this.#sink.onFailure(failure)
  }

  #open(session: ClientHttp2Session): ClientHttp2Stream | undefined {
    const { body } = this.#request
    try {
      // Without the wait, Node ends a stream before it resets it: an upload that broke off would look whole.
      return session.request(this.#head.fields, { endStream: !body, waitForTrailers: body !== null })
    } catch {
      // Node checks the fields once more.
      process.nextTick(() => this.fail({ reason: 'protocol_error', sent: false, reused: false }))
      return undefined
    }
  }

  #onInformation(raw: string[]): void {
    if (this.#over || this.#isTooLarge(raw)) return
    this.#hasInformed = true
    const status = statusOf(raw)
    this.#sink.onInformation(status, reasonPhrase(status), raw.slice(2))
  }

  #onHead(raw: string[]): void {
    if (this.#over || this.#isTooLarge(raw)) return
    const status = statusOf(raw)
    if (status < 200) {
      // An interim response that ends the stream.
      this.#break('protocol_error', constants.NGHTTP2_PROTOCOL_ERROR)
      return
    }
    this.#hasHead = true
    this.#missing = announcedLength(raw)
    this.#owner!.answered()
    this.#sink.onHead(status, reasonPhrase(status), raw.slice(2))
    if (this.#over) return
    if (this.#isWhole) this.#deliverRest()
    else this.#stream!.on('data', (chunk: Buffer) => this.#onBody(chunk))
  }

  #onTrailers(raw: string[]): void {
    if (!this.#over && !this.#isTooLarge(raw)) this.#trailers = raw
  }

  #isTooLarge(raw: readonly string[]): boolean {
    let size = 0
    for (const text of raw) size += text.length
    if (size <= this.#owner!.maxResponseHead) return false
    this.#break('protocol_error', constants.NGHTTP2_CANCEL)
    return true
  }

  #onBody(chunk: Buffer): void {
    if (this.#over) return
    if (this.#missing !== undefined) this.#missing -= chunk.length
    if (this.#sink.onBody(chunk)) return
    this.#isPaused = true
    this.#stream!.pause()
  }

  #deliverRest(): void {
    while (!this.#over && !this.#isPaused && this.#rest.length > 0)
      this.#isPaused = !this.#sink.onBody(this.#rest.shift()!)
    if (this.#hasEnded) this.#onEnd()
  }

  #onEnd(): void {
    this.#hasEnded = true
    if (this.#over) return
    if ((!this.#isWhole && !this.#isComplete) || !this.#hasHead) this.#onBroken()
    else if (this.#rest.length === 0) this.#onComplete()
  }

  /**
   * Whether the stream was reset without an error behind all that was announced: that is how node:http2 ends a response
   * whose end finds no room in the window of the session.
   */
  get #isComplete(): boolean {
    return (
      this.#missing === 0 && this.#error === undefined && this.#stream!.rstCode === constants.NGHTTP2_NO_ERROR
    )
  }

  #onComplete(): void {
    this.#finish()
    // The backend has all that it wants of the upload.
    this.#close(constants.NGHTTP2_CANCEL)
    this.#sink.onEnd(this.#trailers)
  }

  #onBroken(): void {
    const stream = this.#stream!
    const owner = this.#owner!
    const { fresh } = this
    if (stream.id === undefined) owner.spent()
    const hasAnswered = this.#hasHead || this.#hasInformed
    // RFC 9113 section 8.7: then nothing was done with the request, whatever its method.
    if (!hasAnswered && (stream.id === undefined || owner.isUnseen(stream.id)))
      this.fail({ reason: 'reset', sent: false, reused: !fresh })
    else if (!hasAnswered && stream.rstCode === constants.NGHTTP2_REFUSED_STREAM)
      this.fail({ reason: 'reset', sent: false, reused: false })
    else {
      const reason = brokenStream(stream.rstCode, this.#error)
      const isStale = reason === 'reset' && owner.broken && owner.served
      const reused = isStale && !fresh && owner.bytesRead === this.#readBefore
      this.#break(reason, constants.NGHTTP2_CANCEL, reused)
    }
  }

  #onBrokenUpload(): void {
    this.#break('request_aborted', constants.NGHTTP2_CANCEL)
  }

  #break(reason: FailureReason, code: number, reused = false): void {
    if (this.#over) return
    this.#finish()
    this.#close(code)
    this.#sink.onFailure({ reason, sent: true, reused })
  }

  /** Closed while its response ends, Node would end the request too, as if a broken upload were whole. */
  #close(code: number): void {
    const stream = this.#stream!
    if (stream.closed) return
    if (this.#isWhole) setImmediate(() => stream.close(code))
    else stream.close(code)
  }

  #finish(): void {
    this.#over = true
    this.#upload?.stop()
    this.#rest = []
  }
}
