import type { FinishedTrace } from './finished-trace.ts'

/** What a thread hands to the control plane at once. */
export interface TraceBatch {
  readonly traces: readonly FinishedTrace[]
  /** Spans that there was no room for since the batch before. */
  readonly dropped: number
}

/** How long the first one waits for others, in milliseconds. */
const DELAY = 100
/** Requests that are handed over at once. */
const BATCH = 256
/** Requests that may wait for the control plane to take what came before. */
const ROOM = 1024

/** Spans of a request: its own, and one of each attempt. */
export function spansOf({ attempts }: FinishedTrace): number {
  return 1 + attempts.length
}

/**
 * Finished requests of one thread on their way to the control plane. One batch at a time: while that has not been taken
 * others wait, and when there is no room left, they are dropped and counted.
 */
export class TraceOutbox {
  readonly #post: (batch: TraceBatch) => void
  #waiting: FinishedTrace[] = []
  #dropped = 0
  #isUnderWay = false
  #timer: NodeJS.Timeout | undefined

  constructor(post: (batch: TraceBatch) => void) {
    this.#post = post
  }

  add(trace: FinishedTrace): void {
    if (this.#waiting.length >= ROOM) {
      this.#dropped += spansOf(trace)
      return
    }
    this.#waiting.push(trace)
    this.#schedule()
  }

  /** The control plane has taken the batch. */
  taken(): void {
    this.#isUnderWay = false
    if (this.#waiting.length > 0) this.#schedule()
  }

  /** Hands over all that there is, since the thread ends. */
  flush(): void {
    if (this.#waiting.length > 0 || this.#dropped > 0) this.#send(this.#waiting.length)
  }

  #schedule(): void {
    if (this.#isUnderWay) return
    if (this.#waiting.length >= BATCH) this.#send(BATCH)
    else this.#timer ??= setTimeout(() => this.#send(BATCH), DELAY).unref()
  }

  #send(most: number): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const traces = this.#waiting.splice(0, most)
    const dropped = this.#dropped
    this.#dropped = 0
    this.#isUnderWay = true
    this.#post({ traces, dropped })
  }
}
