import type { Socket } from 'node:net'
import type { FailureReason } from '../connection.ts'
import { dial, type Origin, readyEvent, type TlsSettings } from './dial.ts'
import { brokenConnection, connectFailure } from './failure-reason.ts'
import { readAfterFailedWrite } from './failed-write.ts'
import { RequestUpload } from './request-upload.ts'
import { keepAliveHint } from './response-framing.ts'
import { Read, type ResponseListener, ResponseReader } from './response-reader.ts'
import type { RunningExchange } from './running-exchange.ts'

/** What a socket needs to know of the connections that it belongs to. */
export interface SocketOwner {
  readonly origin: Origin
  /** Milliseconds, 0 = none. */
  readonly connectTimeout: number
  /** Bytes. */
  readonly maxResponseHead: number
  readonly tls: TlsSettings | undefined
  /** The TLS session that the next connection resumes. */
  session: Buffer | undefined
  /** The socket can take another request. */
  release(socket: HttpSocket): void
  /** The socket is closed, or is no HTTP any more. */
  forget(socket: HttpSocket): void
}

const READ_SIZE = 65_536
/** A read of this size tells of a large body. */
const LARGE_READ = 32_768

/**
 * All sockets of a thread read into the same buffer: a read calls back before the next one begins, and what is kept of
 * it is copied. That spares an allocation of 64 KiB per read. Only while a large body comes does a socket read into
 * buffers of its own, whose parts are passed on without a copy.
 */
const sharedBuffer = Buffer.allocUnsafeSlow(READ_SIZE)

/** One connection to a backend. It carries one exchange after the other, and tells them what befalls it. */
export class HttpSocket implements ResponseListener {
  readonly #owner: SocketOwner
  readonly #socket: Socket
  readonly #reader: ResponseReader
  readonly #forUpgrade: boolean
  #exchange: RunningExchange | undefined
  #upload: RequestUpload | undefined
  #connectTimer: NodeJS.Timeout | undefined
  #error: Error | undefined
  #buffer = sharedBuffer
  #ready = false
  #served = false

  /** Whether it may carry a request: nothing has befallen it. */
  usable = true
  /** How long the backend says that it keeps it, in milliseconds. */
  backendKeeps: number | undefined
  /** When it is too old to be used again, by `performance.now()`; whoever keeps it writes and reads this. */
  expiresAt = 0

  /**
   * Dials; the exchange begins once the connection is there.
   *
   * @throws Error when the origin or the TLS settings make no sense.
   */
  constructor(owner: SocketOwner, exchange: RunningExchange) {
    this.#owner = owner
    this.#exchange = exchange
    // A socket that may be given away must emit `data`, and half-close. It is not kept alive.
    this.#forUpgrade = exchange.request.upgrade !== undefined
    const { origin, tls, session } = owner
    const onread = this.#forUpgrade ? undefined : { buffer: this.#nextBuffer, callback: this.#onBytes }
    const socket = dial(origin, { tls, session, onread, allowHalfOpen: this.#forUpgrade })
    this.#socket = socket
    readAfterFailedWrite(socket, this.#onFailedWrite)
    this.#reader = new ResponseReader(owner.maxResponseHead)
    if (owner.connectTimeout > 0)
      this.#connectTimer = setTimeout(() => this.#fail('connect_timeout'), owner.connectTimeout)
    socket.once(readyEvent(origin), this.#onReady)
    if (this.#forUpgrade) socket.on('data', this.#onData)
    if (origin.secure) socket.on('session', this.#onSession)
    socket.on('end', this.#onEnd)
    socket.on('error', this.#onError)
    socket.on('close', this.#onClose)
    socket.on('drain', this.#onDrain)
  }

  /** Whether an exchange waits for it or runs over it. */
  get busy(): boolean {
    return this.#exchange !== undefined
  }

  /** Sends a request. */
  begin(exchange: RunningExchange): void {
    this.#exchange = exchange
    const { request, head } = exchange
    this.#reader.begin(request.method, this)
    exchange.sink.onSending()
    // The sink may have had enough.
    if (this.#exchange !== exchange) return
    const socket = this.#socket
    if (!request.body) {
      socket.write(head.text, 'latin1')
      return
    }
    // What is there of the body already leaves together with the head, but the head waits for nothing.
    socket.cork()
    socket.write(head.text, 'latin1')
    this.#upload = new RequestUpload(request, head.bodyLength, socket, () => this.#fail('request_aborted'))
    this.#upload.start()
    process.nextTick(uncork, socket)
  }

  /** Its exchange is not wanted any more. */
  abandon(): void {
    this.#exchange = undefined
    // Nothing was sent before the connection is there: then it is as good as any.
    if (this.#ready || this.#forUpgrade) this.#drop()
  }

  /** Goes on reading. */
  resume(): void {
    this.#socket.resume()
  }

  /** Closes it now; an exchange under way breaks. */
  destroy(): void {
    this.#fail(this.#ready ? 'reset' : 'connect_failed')
  }

  onInformation(status: number, statusText: string, headers: string[]): void {
    this.#exchange!.sink.onInformation(status, statusText, headers)
  }

  onHead(status: number, statusText: string, headers: string[]): void {
    this.backendKeeps = keepAliveHint(headers)
    this.#exchange!.sink.onHead(status, statusText, headers)
  }

  onBody(chunk: Buffer): void {
    if (!this.#exchange!.sink.onBody(chunk)) this.#socket.pause()
  }

  readonly #onReady = (): void => {
    clearTimeout(this.#connectTimer)
    this.#ready = true
    const exchange = this.#exchange
    if (exchange) this.begin(exchange)
    else this.#owner.release(this)
  }

  readonly #onData = (chunk: Buffer): void => this.#read(chunk, chunk.length, true)

  readonly #nextBuffer = (): Buffer => this.#buffer

  readonly #onBytes = (length: number): boolean => {
    const buffer = this.#buffer
    const own = buffer !== sharedBuffer
    this.#read(buffer, length, own)
    if (!this.#exchange) this.#buffer = sharedBuffer
    else if (this.#reader.kept || (!own && length >= LARGE_READ))
      this.#buffer = Buffer.allocUnsafeSlow(READ_SIZE)
    return true
  }

  readonly #onFailedWrite = (): void => {
    this.usable = false
    this.#upload?.stop()
  }

  readonly #onSession = (session: Buffer): void => {
    this.#owner.session = session
  }

  readonly #onDrain = (): void => this.#upload?.drained()

  /** @param mayKeep - Whether nobody writes into the bytes any more. */
  #read(bytes: Buffer, length: number, mayKeep: boolean): void {
    const exchange = this.#exchange
    if (!exchange) {
      // Nobody asked for anything: what comes now can't be told from the next response.
      this.#drop()
      return
    }
    const read = this.#reader.read(bytes, length, mayKeep)
    if (read === Read.more || this.#exchange !== exchange) return
    if (read === Read.done) this.#responded(exchange, this.#reader.position === length)
    else if (read === Read.switched && this.#forUpgrade)
      this.#handOver(exchange, bytes.subarray(this.#reader.position, length))
    else this.#fail('protocol_error')
  }

  /** @param clean - Whether the connection is where the response ends, without unexpected bytes behind it. */
  #responded(exchange: RunningExchange, clean: boolean): void {
    const { fields: trailers, keepAlive } = this.#reader
    const socket = this.#socket
    const sent = (this.#upload?.complete ?? true) && socket.writableLength === 0
    this.#upload?.stop()
    this.#upload = undefined
    this.#exchange = undefined
    this.#served = true
    if (clean && sent && keepAlive && !this.#forUpgrade && this.usable) {
      // An idle connection is read from, to see it close.
      if (socket.isPaused()) socket.resume()
      this.#owner.release(this)
    } else this.#drop()
    exchange.end(trailers)
  }

  #handOver(exchange: RunningExchange, leftover: Buffer): void {
    const socket = this.#socket
    const { statusText, fields } = this.#reader
    this.#upload?.stop()
    this.#exchange = undefined
    exchange.leave()
    socket.pause()
    socket.off('data', this.#onData)
    socket.off('session', this.#onSession)
    socket.off('end', this.#onEnd)
    socket.off('error', this.#onError)
    socket.off('close', this.#onClose)
    socket.off('drain', this.#onDrain)
    this.#forget()
    if (leftover.length > 0) socket.unshift(leftover)
    exchange.sink.onUpgrade(statusText, fields, socket)
  }

  readonly #onEnd = (): void => {
    // A TLS handshake that is cut off fails with an error of its own.
    if (!this.#ready) return
    const exchange = this.#exchange
    if (exchange && this.#reader.endsWithConnection) this.#responded(exchange, false)
    else this.#fail('reset')
  }

  readonly #onError = (error: Error): void => {
    this.#error = error
    this.usable = false
  }

  readonly #onClose = (): void => {
    this.#fail(this.#ready ? brokenConnection(this.#error) : connectFailure(this.#error))
    this.#forget()
  }

  /** Closes the connection, and tells the exchange why, if there is one. */
  #fail(reason: FailureReason): void {
    const exchange = this.#exchange
    this.#exchange = undefined
    const reused = reason === 'reset' && this.#served && !this.#reader.begun
    this.#drop()
    exchange?.fail({ reason, sent: this.#ready, reused })
  }

  #drop(): void {
    this.usable = false
    this.#reader.stop()
    this.#upload?.stop()
    this.#upload = undefined
    clearTimeout(this.#connectTimer)
    this.#socket.destroy()
  }

  #forget(): void {
    this.usable = false
    this.#reader.end()
    this.#owner.forget(this)
  }
}

function uncork(socket: Socket): void {
  socket.uncork()
}
