import type { Socket } from 'node:net'
import { BodyUpload } from '../body-upload.ts'
import type { UpstreamRequest } from '../connection.ts'
import { fieldLines } from './request-head.ts'

/** Writes a request's body to a connection of HTTP/1.1, framed as its head says. */
export class RequestUpload extends BodyUpload {
  readonly #socket: Socket
  readonly #isChunked: boolean

  /**
   * @param length - What the head says of the body's length; undefined when it says chunked.
   * @param onBroken - The body ended too early, too late, or broke. Called at most once.
   */
  constructor(request: UpstreamRequest, length: number | undefined, socket: Socket, onBroken: () => void) {
    super(request, length, onBroken)
    this.#socket = socket
    this.#isChunked = length === undefined
  }

  protected override write(chunk: Buffer): boolean {
    const socket = this.#socket
    if (!this.#isChunked) return socket.write(chunk)
    socket.cork()
    socket.write(`${chunk.length.toString(16)}\r\n`, 'latin1')
    socket.write(chunk)
    const more = socket.write('\r\n', 'latin1')
    socket.uncork()
    return more
  }

  protected override ending(): string {
    return this.#isChunked ? `0\r\n${fieldLines(this.request.trailers?.() ?? [])}\r\n` : ''
  }

  protected override finish(ending: string): void {
    if (ending !== '') this.#socket.write(ending, 'latin1')
  }
}
