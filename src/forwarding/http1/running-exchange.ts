import type { Exchange, Failure, ResponseSink, UpstreamRequest } from '../connection.ts'
import type { HttpSocket } from './http-socket.ts'
import type { RequestHead } from './request-head.ts'

/** One request under way, over one socket. Once it is over, the socket is another exchange's. */
export class RunningExchange implements Exchange {
  readonly request: UpstreamRequest
  readonly head: RequestHead
  readonly sink: ResponseSink
  socket: HttpSocket | undefined
  #over = false

  constructor(request: UpstreamRequest, head: RequestHead, sink: ResponseSink) {
    this.request = request
    this.head = head
    this.sink = sink
  }

  abort(): void {
    if (this.#over) return
    this.#over = true
    this.socket?.abandon()
  }

  resume(): void {
    if (!this.#over) this.socket?.resume()
  }

  end(trailers: string[]): void {
    if (this.#over) return
    this.#over = true
    this.sink.onEnd(trailers)
  }

  fail(failure: Failure): void {
    if (this.#over) return
    this.#over = true
    this.sink.onFailure(failure)
  }

  /** The sink has the socket itself now. */
  leave(): void {
    this.#over = true
  }
}
