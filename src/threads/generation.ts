import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'

/**
 * One immutable configuration with the app built from it. It counts the requests that it serves; once it is retired,
 * its app closes when the last of them has ended.
 */
export class Generation {
  readonly version: number
  readonly #app: FastifyInstance
  #active = 0
  #onIdle: (() => void) | undefined

  constructor(version: number, app: FastifyInstance) {
    this.version = version
    this.#app = app
  }

  /** Requests under way. */
  get active(): number {
    return this.#active
  }

  /** Counts a request in. */
  enter(): void {
    this.#active++
  }

  /** Counts one out that was counted in. */
  leave(): void {
    if (--this.#active === 0) this.#onIdle?.()
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    this.#app.routing(request, response)
  }

  /** Closes the app once no request is under way; at once when `force`d. */
  async close(force = false): Promise<void> {
    if (this.#active > 0 && !force) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve
      })
    }
    await this.#app.close()
  }
}
