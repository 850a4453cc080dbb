import type { Outcomes } from './outcome-meter.ts'

/** Parts that a window is kept in: it is as long as it should be, give or take one of them. */
const PARTS = 50

interface Part {
  readonly since: number
  succeeded: number
  failed: number
}

/** What came of requests within the last so many milliseconds. */
export class SlidingWindow {
  #length: number
  #parts: Part[] = []

  /** @param length - Milliseconds. */
  constructor(length: number) {
    this.#length = length
  }

  /** Takes another length from now on. @param length - Milliseconds. */
  resize(length: number): void {
    this.#length = length
  }

  /** @param now - Milliseconds of a clock that never goes back. */
  add(now: number, { succeeded, failed }: Outcomes): void {
    const last = this.#parts.at(-1)
    if (last && now - last.since < this.#length / PARTS) {
      last.succeeded += succeeded
      last.failed += failed
    } else this.#parts.push({ since: now, succeeded, failed })
  }

  /** What was added since the window's length ago. */
  sum(now: number): Outcomes {
    const begin = now - this.#length
    while (this.#parts.length > 0 && this.#parts[0]!.since <= begin) this.#parts.shift()
    const sum = { succeeded: 0, failed: 0 }
    for (const { succeeded, failed } of this.#parts) {
      sum.succeeded += succeeded
      sum.failed += failed
    }
    return sum
  }

  /** Forgets all. */
  clear(): void {
    this.#parts = []
  }
}
