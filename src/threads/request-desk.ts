import type { ServerResponse } from 'node:http'
import type { Http2ServerResponse } from 'node:http2'
import type { Duplex } from 'node:stream'
import type { RawAnswerObserver } from './client-errors.ts'
import type { Generation } from './generation.ts'

/** Where all requests of a listener are counted in and out, whatever connection and protocol they come by. */
export class RequestDesk {
  readonly #responses = new Set<ServerResponse | Http2ServerResponse>()
  /** Both ends of every upgraded connection. */
  readonly #joined = new Set<Duplex>()
  readonly onRawAnswer: RawAnswerObserver
  /** Whether every response is to be the last of its connection. */
  isDraining = false
  /** The one that serves. */
  generation!: Generation

  /** @param onRawAnswer - Told of the answers to what never became a request. */
  constructor(onRawAnswer: RawAnswerObserver) {
    this.onRawAnswer = onRawAnswer
  }

  /** Requests and upgraded connections that are under way. */
  get size(): number {
    return this.#responses.size + Math.ceil(this.#joined.size / 2)
  }

  /** Responses that are not over. */
  get responses(): Iterable<ServerResponse | Http2ServerResponse> {
    return this.#responses
  }

  has(response: ServerResponse): boolean {
    return this.#responses.has(response)
  }

  /** Counts a request in, and out when its response is over. @returns Counts it out of its generation before that. */
  enter(response: ServerResponse | Http2ServerResponse): () => void {
    const leave = this.generation.enter()
    this.#responses.add(response)
    response.on('close', () => {
      this.#responses.delete(response)
      leave()
    })
    return leave
  }

  /** A request has become a connection of another protocol, which may live for hours. */
  join(response: ServerResponse, ends: readonly Duplex[]): void {
    this.#responses.delete(response)
    for (const end of ends) {
      this.#joined.add(end)
      end.once('close', () => this.#joined.delete(end))
    }
  }

  /** Breaks the upgraded connections. */
  destroyJoined(): void {
    for (const end of this.#joined) end.destroy()
  }
}
