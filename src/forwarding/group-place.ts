import type { FastifyRequest } from 'fastify'
import { hasBody } from '../raw-messages.ts'
import type { Outcome } from '../upstreams/backend.ts'
import type { GroupLoad } from '../upstreams/group-load.ts'

/** How long an upload may take before its request holds no place any more, in milliseconds. */
const PATIENCE = 1000

/**
 * A request's place among those of its group that await their response, from its admission until it is decided what its
 * client gets; and how long an answer takes, which the group's limit is found from. That time begins when the client has
 * sent its body: else one slow upload would make a service look slow that is not. Nor does it hold a place meanwhile, but
 * for a moment: a service works on what it has, and a few clients that drip their bodies would have all places.
 */
export class GroupPlace {
  readonly #load: GroupLoad
  readonly #of: number
  readonly #request: FastifyRequest
  #since = performance.now()
  #isUploading: boolean
  /** Whether it is counted. */
  #isIn = true
  #timer: NodeJS.Timeout | undefined
  /** Milliseconds from the request to its answer; undefined while it awaits that. */
  #took: number | undefined

  /** For a request that was counted in. @param of - Its class. */
  constructor(load: GroupLoad, of: number, request: FastifyRequest) {
    const { raw } = request
    this.#load = load
    this.#of = of
    this.#request = request
    this.#isUploading = hasBody(raw) && !raw.readableEnded
    if (!this.#isUploading) return
    raw.once('end', () => this.#onUploaded())
    this.#timer = setTimeout(() => this.#onSlow(), PATIENCE)
  }

  /** Gives the place back: a client that does not read its answer holds none. Only the first call counts. */
  leave(): void {
    if (this.#took !== undefined) return
    this.#took = performance.now() - this.#since
    clearTimeout(this.#timer)
    this.#giveUp()
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

  /** An upload that waits for the service, not for the client, keeps its place. */
  #onSlow(): void {
    const { raw } = this.#request
    if (raw.readableLength === 0 && !raw.isPaused()) this.#giveUp()
    else this.#timer = setTimeout(() => this.#onSlow(), PATIENCE)
  }

  #giveUp(): void {
    if (!this.#isIn) return
    this.#isIn = false
    this.#load.leave(this.#of)
  }

  /** Whether the service took too long. What failed otherwise, or the gateway answered itself, says nothing of that. */
  #hasWaitedInVain(outcome: Outcome): boolean {
    const { reason } = this.#request.record
    if (outcome === 'failed') return reason?.endsWith('timeout') ?? false
    return reason === 'queue_timeout' || (reason === 'client_gone' && !this.#isUploading)
  }

  #onUploaded(): void {
    if (this.#took !== undefined) return
    clearTimeout(this.#timer)
    this.#isUploading = false
    this.#since = performance.now()
    if (this.#isIn) return
    this.#isIn = true
    this.#load.enterAgain(this.#of)
  }
}
