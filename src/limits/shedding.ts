import type { Priority } from '../config/types.ts'

/** A group refuses requests for want of room, or no longer does. */
export interface OverloadChange {
  readonly group: string
  readonly state: 'shedding' | 'over'
  /** Requests that may be under way at once, now. */
  readonly limit: number
  /** Refused since it began, by priority. */
  readonly refused: Readonly<Record<Priority, number>>
}

/** How long nobody must have been refused until it is over, in milliseconds. */
const CALM = 5000

type Counts = readonly [critical: number, normal: number, sheddable: number]

/** Whether a group sheds load: it begins with the first refusal, and is over when there was none for some seconds. */
export class Shedding {
  #seen: Counts
  /** What was counted when it began; undefined = it does not shed. */
  #base: Counts | undefined
  #last = 0

  /** @param refused - So far. */
  constructor(refused: Counts) {
    this.#seen = refused
  }

  /** @returns What changed. */
  observe(refused: Counts, now: number): Omit<OverloadChange, 'group' | 'limit'> | undefined {
    const before = this.#seen
    this.#seen = refused
    if (refused.some((count, place) => count > before[place]!)) {
      this.#last = now
      if (this.#base) return undefined
      this.#base = before
      return { state: 'shedding', refused: difference(refused, before) }
    }
    if (!this.#base || now - this.#last < CALM) return undefined
    const change = { state: 'over', refused: difference(refused, this.#base) } as const
    this.#base = undefined
    return change
  }
}

function difference(after: Counts, before: Counts): OverloadChange['refused'] {
  return {
    critical: after[0] - before[0],
    normal: after[1] - before[1],
    sheddable: after[2] - before[2]
  }
}
