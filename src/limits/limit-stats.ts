import type { LiveLayout, LiveTable } from '../upstreams/live-table.ts'
import type { RateLimiter } from './limiter.ts'
import type { Verdict } from './limit-table.ts'

/** Counters of a limit, by their place in its row. */
const COUNTER = { allowed: 0, denied: 1, wouldDeny: 2 } as const

/** Counters: {@link COUNTER}. */
export const LIMIT_STATS_LAYOUT: LiveLayout = { pageSlots: 64, shared: 0, gauges: 0, counters: 3 }

/** What a limit decided. */
export type Decisions = Readonly<Record<keyof typeof COUNTER, number>>

/** What the limits decided, counted by each thread in its own row. */
export class LimitStats {
  readonly #table: LiveTable
  readonly #slots: ReadonlyMap<string, number>
  readonly #row: number

  /**
   * @param slots - Place of each limit, by its id (`limitId`).
   * @param row - The calling thread's row.
   */
  constructor(table: LiveTable, slots: ReadonlyMap<string, number>, row: number) {
    this.#table = table
    this.#slots = slots
    this.#row = row
  }

  /**
   * A limiter whose decisions are counted.
   *
   * @param dryRun - Whether it refuses nobody.
   * @throws Error when the control plane made no place for it.
   */
  counted(id: string, limiter: RateLimiter, dryRun = false): RateLimiter {
    const slot = this.#slots.get(id)
    if (slot === undefined) throw new Error(`the limit "${id}" has no counters`)
    const { counters } = this.#table.page(slot)
    const base = this.#table.counterIndex(slot, this.#row)
    const refused = dryRun ? COUNTER.wouldDeny : COUNTER.denied
    const count = (verdict: Verdict): Verdict => {
      counters[base + (verdict.isAdmitted ? COUNTER.allowed : refused)]!++
      return verdict
    }
    return {
      take: (key, cost) => {
        const verdict = limiter.take(key, cost)
        return verdict instanceof Promise ? verdict.then(count) : count(verdict)
      },
      refund: (key, cost) => limiter.refund(key, cost)
    }
  }

  /** What a limit decided so far, over all threads; requests that another limit then refused are among those let through. */
  decisions(id: string): Decisions {
    const slot = this.#slots.get(id)
    const sum = (place: number): number => (slot === undefined ? 0 : this.#table.counter(slot, place))
    return {
      allowed: sum(COUNTER.allowed),
      denied: sum(COUNTER.denied),
      wouldDeny: sum(COUNTER.wouldDeny)
    }
  }
}
