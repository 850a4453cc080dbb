import { LOAD_LAYOUT, type LoadPlace } from './group-load.ts'
import { GroupStats, STATS_LAYOUT, type StatsPlace } from './group-stats.ts'
import type { LiveLayout, LivePage, LiveTable } from './live-table.ts'

/** Words of a group, by their place: one for all threads. */
const WORD = {
  /** Changes with every status and slow start of its backends. Written by the control plane. */
  epoch: 0,
  /** {@link BREAKER}. Written by the control plane. */
  breaker: 1,
  /** When an open breaker lets requests through again, as a stamp of the shared clock. Written by the control plane. */
  opensAt: 2,
  /** Requests that a half-open breaker let through: those that went well, and those that did not, since it is half open. */
  trialsPassed: 3,
  trialsFailed: 4,
  /** Changes when a place in a full backend becomes free while somebody waits for one. */
  freed: 5
} as const

/** Gauges of a group, by their place in its row: a thread that dies gives its places back. */
const GAUGE = {
  /** Requests that wait in line. */
  waiting: 0,
  /** Requests that a half-open breaker has let through and that are not over. */
  trialing: 1
} as const

const BREAKER = ['closed', 'open', 'half-open'] as const

/** Whether a group's circuit breaker lets requests through: all, none, or a few to try. */
export type BreakerState = (typeof BREAKER)[number]

const OWN = { shared: 6, gauges: 2, counters: 0 } as const

/** Shared: {@link WORD}. Gauges: {@link GAUGE}. Behind them what its load takes, and what is only counted. */
export const GROUP_LAYOUT: LiveLayout = {
  pageSlots: 64,
  shared: OWN.shared + LOAD_LAYOUT.shared,
  gauges: OWN.gauges + LOAD_LAYOUT.gauges + STATS_LAYOUT.gauges,
  counters: OWN.counters + LOAD_LAYOUT.counters + STATS_LAYOUT.counters
}

/** Where the load stands in a group's slot. */
export const LOAD_PLACE: LoadPlace = { word: OWN.shared, gauge: OWN.gauges, counter: OWN.counters }

const STATS_PLACE: StatsPlace = {
  gauge: OWN.gauges + LOAD_LAYOUT.gauges,
  counter: OWN.counters + LOAD_LAYOUT.counters
}

/** What the threads share about a group as a whole. */
export class GroupLive {
  /** What is only counted. */
  readonly stats: GroupStats
  readonly #page: LivePage
  readonly #table: LiveTable
  readonly #slot: number
  readonly #first: number
  readonly #ownGauges: number
  #epoch = 0

  /** @param row - The calling thread's row. */
  constructor(table: LiveTable, slot: number, row: number) {
    this.#table = table
    this.#slot = slot
    this.#page = table.page(slot)
    this.#first = table.sharedIndex(slot)
    this.#ownGauges = table.gaugeIndex(slot, row)
    this.stats = new GroupStats(table, slot, row, STATS_PLACE)
  }

  /** Number that changes with every status and slow start of the backends. */
  get epoch(): number {
    const { shared } = this.#page
    const index = this.#first + WORD.epoch
    // A plain read is cheap, but where memory is weakly ordered (ARM) statuses could be read before it, and stay old.
    if (shared[index] !== this.#epoch) this.#epoch = Atomics.load(shared, index)
    return this.#epoch
  }

  /** A status or a slow start has changed. Only the control plane calls it, after it has written them. */
  renew(): void {
    Atomics.add(this.#page.shared, this.#first + WORD.epoch, 1)
  }

  get breaker(): BreakerState {
    return BREAKER[this.#page.shared[this.#first + WORD.breaker]!]!
  }

  /** When an open breaker lets requests through again, as a stamp of the shared clock. */
  get opensAt(): number {
    return this.#page.shared[this.#first + WORD.opensAt]!
  }

  /** Sets the breaker, with trials begun anew. Only the control plane does. */
  setBreaker(state: BreakerState, opensAt = 0): void {
    const { shared } = this.#page
    Atomics.store(shared, this.#first + WORD.trialsPassed, 0)
    Atomics.store(shared, this.#first + WORD.trialsFailed, 0)
    Atomics.store(shared, this.#first + WORD.opensAt, opensAt)
    Atomics.store(shared, this.#first + WORD.breaker, BREAKER.indexOf(state))
  }

  /**
   * Takes a place among the requests that a half-open breaker lets through.
   *
   * @param most - How many there may be at once, over all threads.
   * @returns Whether there was one.
   */
  beginTrial(most: number): boolean {
    const own = this.#ownGauges + GAUGE.trialing
    Atomics.add(this.#page.gauges, own, 1)
    if (this.#table.gauge(this.#slot, GAUGE.trialing) <= most) return true
    Atomics.sub(this.#page.gauges, own, 1)
    return false
  }

  /** Gives the place back. @param passed - Whether it went well; undefined when that can't be told. */
  endTrial(passed: boolean | undefined): void {
    const { shared, gauges } = this.#page
    Atomics.sub(gauges, this.#ownGauges + GAUGE.trialing, 1)
    if (passed === undefined) return
    Atomics.add(shared, this.#first + (passed ? WORD.trialsPassed : WORD.trialsFailed), 1)
  }

  /** How the trials of a half-open breaker went so far. */
  get trials(): { readonly passed: number; readonly failed: number } {
    const { shared } = this.#page
    return {
      passed: Atomics.load(shared, this.#first + WORD.trialsPassed),
      failed: Atomics.load(shared, this.#first + WORD.trialsFailed)
    }
  }

  /** Requests that wait in line, over all threads. */
  get waiting(): number {
    return this.#table.gauge(this.#slot, GAUGE.waiting)
  }

  /** One of this thread's requests joins the line, or leaves it. */
  addWaiting(change: 1 | -1): void {
    Atomics.add(this.#page.gauges, this.#ownGauges + GAUGE.waiting, change)
  }

  /** A place in a full backend has become free: whoever waits, in whichever thread, may look. */
  announceFree(): void {
    if (this.waiting === 0) return
    const index = this.#first + WORD.freed
    Atomics.add(this.#page.shared, index, 1)
    Atomics.notify(this.#page.shared, index)
  }

  /** Number that {@link announceFree} changes. Read it before looking for a place, so that no change goes unseen. */
  get freed(): number {
    return Atomics.load(this.#page.shared, this.#first + WORD.freed)
  }

  /** Resolves once {@link freed} is not `seen` any more, or after so many milliseconds. */
  async whenFreed(seen: number, timeout: number): Promise<void> {
    const waited = Atomics.waitAsync(this.#page.shared, this.#first + WORD.freed, seen, timeout)
    if (waited.async) await waited.value
  }
}
