import type { ServerResponse } from 'node:http'
import type { Generation } from './generation.ts'
import type { RequestDesk } from './request-desk.ts'
import type { Turns } from './turns.ts'

/** One request under way: from its head's arrival until its response is over. */
export class Visit {
  readonly response: ServerResponse
  readonly #desk: RequestDesk
  readonly #generation: Generation
  #hasLeft = false
  isOver = false
  /** Its place among those under way; the desk's affair. */
  place = -1
  /** The requests of its connection, where they are served one after the other. */
  turns: Turns | undefined

  /** Whether it has become a connection of another protocol, which is not over. */
  get isJoined(): boolean {
    return this.#hasLeft && !this.isOver
  }

  /** Counts the request in; it counts itself out when its response closes. */
  constructor(response: ServerResponse, desk: RequestDesk, generation: Generation) {
    this.response = response
    this.#desk = desk
    this.#generation = generation
    generation.enter()
    response.on('close', this.#onClose)
  }

  /** Hands it to the generation that it came in under. */
  serve(): void {
    this.#generation.handle(this.response.req, this.response)
  }

  /** Counts it out of its generation: it goes on without. */
  leaveGeneration(): void {
    if (this.#hasLeft) return
    this.#hasLeft = true
    this.#generation.leave()
  }

  readonly #onClose = (): void => {
    if (this.isOver) return
    this.isOver = true
    this.#desk.leave(this)
    this.leaveGeneration()
    this.turns?.onOver(this)
  }
}
