import type { LiveLayout, LiveTable } from '../upstreams/live-table.ts'
import type { RateLimiter } from './limiter.ts'
import type { Verdict } from './limit-table.ts'

/** Counters of a limit, by their place in its row. */
const COUNTER = { allowed: 0, denied: 1 } as const

/** Counters: requests that were let through, and those that were not. */
export const LIMIT_STATS_LAYOUT: LiveLayout = { pageSlots: 64, shared: 0, gauges: 0, counters: 2 }

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

  /** A limiter whose decisions are counted. @throws Error when the control plane made no place for it. */
  counted(id: string, limiter: RateLimiter): RateLimiter {
    const slot = this.#slots.get(id)
    if (slot === undefined) throw new Error(`the limit "${id}" has no counters`)
    const { counters } = this.#table.page(slot)
    const base = this.#table.counterIndex(slot, this.#row)
    const count = ({ isAdmitted }: Verdict): void => {
      counters[base + (isAdmitted ? COUNTER.allowed : COUNTER.denied)]!++
    }
    return {
      take: (key, cost) => {
        const verdict = limiter.take(key, cost)
        if (verdict instanceof Promise) void verdict.then(count)
        else count(verdict)
        return verdict
      },
      refund: (key, cost) => limiter.refund(key, cost)
    }
  }

  /** What a limit decided so far, over all threads; requests that another limit then refused are among those let through. */
  decisions(id: string): { readonly allowed: number; readonly denied: number } {
    const slot = this.#slots.get(id)
    const sum = (place: number): number => (slot === undefined ? 0 : this.#table.counter(slot, place))
    return { allowed: sum(COUNTER.allowed), denied: sum(COUNTER.denied) }
  }
}
