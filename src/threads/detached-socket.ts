import type { ServerHttp2Session } from 'node:http2'
import { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'

/**
 * A socket whose bytes pass through JavaScript. Node's HTTP/2 reads a plain or TLS socket without any, also while its thread
 * is being ended by an error or from outside: a body's bytes for a stream that nobody could take then fail an assertion, and
 * the whole process aborts. Bytes that take this way are simply not read any more.
 */
export class DetachedSocket extends Duplex {
  readonly #socket: TLSSocket

  constructor(socket: TLSSocket) {
    super({ allowHalfOpen: true })
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) socket.pause()
    })
    socket.on('end', () => this.push(null))
    socket.on('error', (error: Error) => this.destroy(error))
    socket.on('close', () => this.destroy())
  }

  override _read(): void {
    this.#socket.resume()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#socket.write(chunk, done)
  }

  override _writev(chunks: readonly { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    this.#socket.cork()
    const last = chunks.length - 1
    for (const [index, { chunk }] of chunks.entries())
      if (index < last) this.#socket.write(chunk)
      else this.#socket.write(chunk, done)
    this.#socket.uncork()
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#socket.end(() => done())
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy()
    done(error)
  }
}

/** What requests may ask of the socket that they came over. */
const FACTS = [
  'remoteAddress',
  'remotePort',
  'remoteFamily',
  'localAddress',
  'localPort',
  'localFamily',
  'encrypted',
  'servername',
  'alpnProtocol'
] as const satisfies readonly (keyof TLSSocket)[]

/** Lets the requests of a session over a {@link DetachedSocket} see what they would see of the socket below. */
export function conveyFacts(from: TLSSocket, session: ServerHttp2Session): void {
  // A session shows its socket through a proxy; what a method of it returns is the socket itself.
  const socket = session.socket.setMaxListeners(session.socket.getMaxListeners())
  const getters = FACTS.map((fact) => [fact, { get: () => from[fact], configurable: true }] as const)
  Object.defineProperties(socket, Object.fromEntries(getters))
}
