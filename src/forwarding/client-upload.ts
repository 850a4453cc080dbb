import type { FastifyRequest } from 'fastify'
import { http2Stream } from '../raw-messages.ts'
import { Deadline } from './deadline.ts'
import { expectsContinue } from './expect.ts'
import { clientTooSlow } from './failure.ts'
import { type BodyListener, ReplayableBody } from './replayable-body.ts'
import type { ForwardingTarget } from './targets.ts'
import { discardUpload } from './unread-upload.ts'

/** A client's upload: the body of its request, and what the gateway allows of it. */
export class ClientUpload {
  readonly body: ReplayableBody
  readonly #request: FastifyRequest
  readonly #listener: BodyListener
  /** Over HTTP/2; of HTTP/1.1 the server itself knows when a request is late. */
  readonly #deadline: Deadline | undefined

  constructor(request: FastifyRequest, target: ForwardingTarget, listener: BodyListener) {
    const { raw, record } = request
    const { bodyLimit: limit, retry, uploadTimeout } = target
    this.#request = request
    this.#listener = listener
    this.body = new ReplayableBody(raw, { limit, buffer: retry.bodyBuffer }, listener)
    if (http2Stream(raw)) this.#deadline = new Deadline(record.startedAt, uploadTimeout)
  }

  /** The request is under way; paired with one {@link end}. */
  start(): void {
    this.#deadline?.start(() => {
      if (!this.body.hasArrived) this.#listener.onRefused(clientTooSlow())
    })
  }

  /**
   * Whether its client does not go on with it. One that waits for a 100 waits for the backend.
   *
   * @param hasContinued - Whether that has come.
   */
  isSlow(hasContinued: boolean): boolean {
    return (hasContinued || !expectsContinue(this.#request.raw)) && this.body.isAwaited
  }

  /** The request is over. @param isAnswered - Whether its response went out whole. */
  end(isAnswered: boolean): void {
    const { raw } = this.#request
    this.#deadline?.clear()
    this.body.release()
    // A stream of HTTP/2 closes when what came of it has been read, even one that was given up.
    if (isAnswered || http2Stream(raw)) discardUpload(raw)
  }
}
