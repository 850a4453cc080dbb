import type { ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { RawAnswerObserver } from './client-errors.ts'
import type { Generation } from './generation.ts'
import { Visit } from './visit.ts'

/** Where all requests of a listener are counted in and out, whatever connection and protocol they come by. */
export class RequestDesk {
  /**
   * Dense, in no order. A Set would do, but V8 makes one that is added to and deleted from anew every few entries, and
   * each of its old tables keeps the next one and all requests that were under way: once one of them is old, every
   * young collection promotes everything.
   */
  readonly #visits: Visit[] = []
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
    return this.#visits.length + Math.ceil(this.#joined.size / 2)
  }

  /** Requests whose responses are not over. */
  get visits(): readonly Visit[] {
    return this.#visits
  }

  /** Counts a request in, under the generation that serves now. */
  enter(response: ServerResponse): Visit {
    const visit = new Visit(response, this, this.generation)
    visit.place = this.#visits.push(visit) - 1
    return visit
  }

  /** Counts a request out; once is enough. */
  leave(visit: Visit): void {
    const { place } = visit
    if (place === -1) return
    visit.place = -1
    const last = this.#visits.pop()!
    if (last === visit) return
    last.place = place
    this.#visits[place] = last
  }

  /** A request has become a connection of another protocol, which must not keep an old generation alive for hours. */
  join(visit: Visit, ends: readonly Duplex[]): void {
    this.leave(visit)
    visit.leaveGeneration()
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
