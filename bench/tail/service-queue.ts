/** A request that is served, or waits to be. */
export interface Job {
  /** Whether nobody waits for it any more. */
  isAbandoned(): boolean
  finish(): void
}

/**
 * A server of limited parallelism: so many jobs at a time, the others first come, first served. Who left is dropped from
 * the line; a job that is being served takes its time even so, as it does where nobody looks at the connection.
 */
export class ServiceQueue {
  readonly #slots: number
  readonly #serviceTime: () => number
  readonly #waiting: Job[] = []
  #busy = 0

  /** @param serviceTime - Milliseconds that the next job takes. */
  constructor(slots: number, serviceTime: () => number) {
    this.#slots = slots
    this.#serviceTime = serviceTime
  }

  add(job: Job): void {
    if (this.#busy < this.#slots) this.#serve(job)
    else this.#waiting.push(job)
  }

  #serve(job: Job): void {
    this.#busy++
    setTimeout(() => {
      this.#busy--
      job.finish()
      this.#serveNext()
    }, Math.round(this.#serviceTime()))
  }

  #serveNext(): void {
    let next = this.#waiting.shift()
    while (next?.isAbandoned()) next = this.#waiting.shift()
    if (next) this.#serve(next)
  }
}
