import type { FastifyRequest } from 'fastify'
import { hasBody } from '../raw-messages.ts'
import type { Outcome } from '../upstreams/backend.ts'
import type { GroupLoad } from '../upstreams/group-load.ts'

/**
 * A request's place among those of its group that await their response, from its admission until it is decided what its
 * client gets; and how long an answer takes, which the group's limit is found from. That time begins when the client has
 * sent its body: else one slow upload would make a service look slow that is not.
 */
export class GroupPlace {
  readonly #load: GroupLoad
  readonly #of: number
  readonly #request: FastifyRequest
  #since = performance.now()
  #isUploading: boolean
  /** Milliseconds from the request to its answer; undefined while it awaits that. */
  #took: number | undefined

  /** For a request that was counted in. @param of - Its class. */
  constructor(load: GroupLoad, of: number, request: FastifyRequest) {
    const { raw } = request
    this.#load = load
    this.#of = of
    this.#request = request
    this.#isUploading = hasBody(raw) && !raw.readableEnded
    if (this.#isUploading) raw.once('end', () => this.#onUploaded())
  }

  /** Gives the place back: a client that does not read its answer holds none. Only the first call counts. */
  leave(): void {
    if (this.#took !== undefined) return
    this.#took = performance.now() - this.#since
    this.#load.leave(this.#of)
  }

  /** Gives the place back, if that was not done yet, and tells how long the answer took. To be called once. */
  settle(outcome: Outcome): void {
    this.leave()
    const took = this.#took!
    if (outcome === 'succeeded') {
      // What is answered before it was sent says nothing of how long an answer takes.
      if (!this.#isUploading) this.#load.answered(took)
    } else if (this.#hasWaitedInVain(outcome)) this.#load.unanswered(took)
  }

  /** Whether the service took too long. What failed otherwise, or the gateway answered itself, says nothing of that. */
  #hasWaitedInVain(outcome: Outcome): boolean {
    const { reason } = this.#request.record
    if (outcome === 'failed') return reason?.endsWith('timeout') ?? false
    return reason === 'queue_timeout' || (reason === 'client_gone' && !this.#isUploading)
  }

  #onUploaded(): void {
    if (this.#took !== undefined) return
    this.#isUploading = false
    this.#since = performance.now()
  }
}
