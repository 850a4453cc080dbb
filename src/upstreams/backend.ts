import {
  HISTOGRAM_SIZE,
  type HistogramReading,
  observeDuration,
  readHistogram
} from '../telemetry/histogram.ts'
import { OTHER } from '../telemetry/counted-words.ts'
import { type Candidate, STATUS } from '../balancing/candidate.ts'
import { hashText } from '../balancing/hash-text.ts'
import { decayedPeak, isWorthLearning, loweredBySuccess, raisedByFailure } from '../balancing/peak-ewma.ts'
import type { Outcomes } from '../health/outcome-meter.ts'
import { ageOf, sharedNow, stamp } from '../shared-clock.ts'
import type { BackendDescriptor, BackendSource } from './backend-descriptor.ts'
import type { GroupLive } from './group-live.ts'
import type { GroupStats } from './group-stats.ts'
import type { LivePage, LiveLayout, LiveTable } from './live-table.ts'

export { STATUS }

/** Shared words of a backend, by their place in its slot. */
const WORD = {
  /** Bits of {@link STATUS}. Written by the control plane alone. */
  status: 0,
  /** Peak moving average of the time to the first byte, in microseconds; 0 = nothing is known. */
  latency: 1,
  /** When it was written, a stamp of the shared clock. */
  latencyAt: 2,
  /** Failures of traffic since the last success. */
  failures: 3,
  /** When its slow start began, a stamp of the shared clock; 0 = it is in none. Written by the control plane alone. */
  slowStartAt: 4,
  /** What it last reported of its load, in millionths. */
  utilization: 5,
  /** When it did, a stamp of the shared clock. */
  utilizationAt: 6
} as const

/** Counters of a backend, by their place in its row. */
export const BACKEND_COUNTER = { attempts: 0, failures: 1, successes: 2, timeToFirstByte: 3 } as const

/** What came of an attempt, as far as its backend is concerned; `undecided` when that can't be told. */
export type Outcome = 'succeeded' | 'failed' | 'undecided'

/** Shared: {@link WORD}. Gauges: in flight. Counters: {@link BACKEND_COUNTER}, the last of them a histogram. */
export const BACKEND_LAYOUT: LiveLayout = {
  pageSlots: 256,
  shared: 7,
  gauges: 1,
  counters: BACKEND_COUNTER.timeToFirstByte + HISTOGRAM_SIZE
}

/** What a thread's view of a backend is made with, besides the backend itself. */
export interface BackendContext {
  readonly group: string
  readonly table: LiveTable
  /** Of its group. */
  readonly live: GroupLive
  /** The calling thread's row. */
  readonly row: number
  /** Failures in a row that make it suspect; Infinity = never. */
  readonly suspectAfter: number
  /** Called when a failure of this thread makes it suspect. */
  readonly onSuspect: (backend: Backend) => void
}

/** Key of a backend over generations and groups: counters and health belong to it. */
export function backendKey(group: string, url: string): string {
  return `${group} ${url}`
}

/** The id that the admin API and the logs use for a backend of this origin. */
export function backendId(url: string): string {
  const { protocol, hostname, port } = new URL(url)
  const secure = protocol === 'https:'
  return `${hostname}:${port || (secure ? 443 : 80)}${secure ? '+tls' : ''}`
}

/** One server of a group as a thread sees it: its facts, and its live numbers read from shared memory. */
export class Backend implements Candidate {
  readonly id: string
  readonly group: string
  readonly url: string
  readonly weight: number
  readonly tier: number
  readonly maxInFlight: number
  readonly source: BackendSource
  readonly initially: 'healthy' | 'unhealthy' | undefined
  readonly authority: string | undefined
  readonly place: number
  readonly seed: number
  readonly slot: number
  readonly #context: BackendContext
  readonly #page: LivePage
  readonly #rows: number
  readonly #words: number
  readonly #gauge: number
  readonly #gaugeStride: number
  readonly #ownGauge: number
  readonly #ownCounter: number

  constructor(descriptor: BackendDescriptor, context: BackendContext) {
    const { table, row } = context
    this.id = descriptor.id
    this.group = context.group
    this.url = descriptor.url
    this.weight = descriptor.weight
    this.tier = descriptor.tier
    this.maxInFlight = descriptor.maxInFlight
    this.source = descriptor.source ?? 'file'
    this.initially = descriptor.initially
    this.authority = descriptor.authority
    this.place = descriptor.place
    this.seed = hashText(descriptor.url)
    this.slot = descriptor.slot
    this.#context = context
    this.#page = table.page(this.slot)
    this.#rows = table.rows
    this.#words = table.sharedIndex(this.slot)
    this.#gauge = table.gaugeIndex(this.slot, 0)
    this.#gaugeStride = table.gaugeStride
    this.#ownGauge = table.gaugeIndex(this.slot, row)
    this.#ownCounter = table.counterIndex(this.slot, row)
  }

  /** What is only counted of its group. */
  get stats(): GroupStats {
    return this.#context.live.stats
  }

  get status(): number {
    return this.#page.shared[this.#words + WORD.status]!
  }

  get inFlight(): number {
    const { gauges } = this.#page
    let sum = 0
    for (let row = 0, index = this.#gauge; row < this.#rows; row++, index += this.#gaugeStride) {
      sum += gauges[index]!
    }
    return sum
  }

  get isFull(): boolean {
    return this.maxInFlight > 0 && this.inFlight >= this.maxInFlight
  }

  get latency(): number {
    return this.#page.shared[this.#words + WORD.latency]!
  }

  get latencyAt(): number {
    return this.#page.shared[this.#words + WORD.latencyAt]!
  }

  get utilization(): number {
    return this.#page.shared[this.#words + WORD.utilization]! / 1e6
  }

  get utilizationAt(): number {
    return this.#page.shared[this.#words + WORD.utilizationAt]!
  }

  get slowStartAt(): number {
    return this.#page.shared[this.#words + WORD.slowStartAt]!
  }

  /** Failures of traffic since the last success, over all threads. */
  get failuresInRow(): number {
    return Atomics.load(this.#page.shared, this.#words + WORD.failures)
  }

  /** Every call that returns true is paired with exactly one {@link end}. */
  acquire(): boolean {
    for (;;) {
      Atomics.add(this.#page.gauges, this.#ownGauge, 1)
      if (this.maxInFlight === 0) return true
      // Read atomically: of two threads that add at once, at least one must see the other.
      if (this.#context.table.gauge(this.slot) <= this.maxInFlight) return true
      Atomics.sub(this.#page.gauges, this.#ownGauge, 1)
      // Two threads that reach for the last place at once both back out. The last to do so finds it free.
      if (this.isFull) return false
    }
  }

  /** An attempt that was counted in sets out. */
  begin(): void {
    this.#page.counters[this.#ownCounter + BACKEND_COUNTER.attempts]!++
  }

  /** Counts an attempt out. @param reason - Why it failed, if it did. */
  end(outcome: Outcome, reason?: string): void {
    Atomics.sub(this.#page.gauges, this.#ownGauge, 1)
    const { counters, shared } = this.#page
    const failures = this.#words + WORD.failures
    if (outcome === 'failed') {
      this.stats.countFailure(reason ?? OTHER)
      counters[this.#ownCounter + BACKEND_COUNTER.failures]!++
      const before = this.latency
      this.#setLatency(before, raisedByFailure(before))
      const inRow = Atomics.add(shared, failures, 1) + 1
      if (inRow === this.#context.suspectAfter) this.#context.onSuspect(this)
    } else if (outcome === 'succeeded') {
      counters[this.#ownCounter + BACKEND_COUNTER.successes]!++
      // Read first: a store would take the word from the caches of all other threads, for every request.
      if (shared[failures] !== 0 && Atomics.exchange(shared, failures, 0) !== 0) {
        const before = this.latency
        this.#setLatency(before, loweredBySuccess(before))
      }
    }
    if (this.maxInFlight > 0) this.#context.live.announceFree()
  }

  /** Counts the time to a response's head, and learns from it. @param seconds - From the attempt's start. */
  answered(seconds: number): void {
    observeDuration(this.#page.counters, this.#ownCounter + BACKEND_COUNTER.timeToFirstByte, seconds)
    this.stats.observeTimeToFirstByte(seconds)
    this.learn(seconds * 1e6)
  }

  /**
   * Takes a time to the first byte into the moving average. Two threads that do so at once may lose one of the samples,
   * never the average.
   *
   * @param sample - Microseconds.
   */
  learn(sample: number): void {
    const now = stamp(sharedNow())
    const before = this.latency
    const elapsed = ageOf(this.latencyAt, now)
    if (isWorthLearning(before, sample, elapsed)) {
      this.#setLatency(before, decayedPeak(before, sample, elapsed), now)
    }
  }

  #setLatency(before: number, latency: number, now = stamp(sharedNow())): void {
    const { shared } = this.#page
    Atomics.compareExchange(shared, this.#words + WORD.latency, before, latency)
    Atomics.store(shared, this.#words + WORD.latencyAt, now)
  }

  /** Takes what it reports of its own load. @param utilization - 0 to 1. */
  report(utilization: number): void {
    const { shared } = this.#page
    Atomics.store(shared, this.#words + WORD.utilization, Math.round(utilization * 1e6))
    Atomics.store(shared, this.#words + WORD.utilizationAt, stamp(sharedNow()))
  }

  /** Attempts so far, over all threads. */
  get attempts(): number {
    return this.#context.table.counter(this.slot, BACKEND_COUNTER.attempts)
  }

  /** What came of its attempts so far, over all threads, as far as that can be told. */
  get outcomes(): Outcomes {
    const { table } = this.#context
    return {
      succeeded: table.counter(this.slot, BACKEND_COUNTER.successes),
      failed: table.counter(this.slot, BACKEND_COUNTER.failures)
    }
  }

  /** Times to a response's head so far, over all threads. */
  timesToFirstByte(): HistogramReading {
    const { table } = this.#context
    return readHistogram((place) => table.counter(this.slot, place), BACKEND_COUNTER.timeToFirstByte)
  }

  /** Sets the status word: bits of {@link STATUS}. Only the control plane does, and then renews the group's epoch. */
  setStatus(status: number): void {
    Atomics.store(this.#page.shared, this.#words + WORD.status, status)
  }

  /** Begins a slow start, or with 0 ends it. Only the control plane does, and then renews the group's epoch. */
  setSlowStart(at: number): void {
    Atomics.store(this.#page.shared, this.#words + WORD.slowStartAt, at)
  }

  /** Begins the row of failures anew. */
  forgiveFailures(): void {
    Atomics.store(this.#page.shared, this.#words + WORD.failures, 0)
  }
}
