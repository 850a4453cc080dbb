import { CountedWords } from '../telemetry/counted-words.ts'
import {
  HISTOGRAM_SIZE,
  type HistogramReading,
  observeDuration,
  readHistogram
} from '../telemetry/histogram.ts'
import type { LivePage, LiveTable } from './live-table.ts'

/** How picks came about; `balanced` is the plain case. */
const PICKS = new CountedWords([
  'balanced',
  'trial',
  'affinity',
  'session_moved',
  'session_full',
  'no_key',
  'hash_overflow',
  'spilled',
  'panic',
  'queued',
  'retry'
])

/** Why attempts failed. */
const FAILURES = new CountedWords([
  'connect_refused',
  'connect_failed',
  'connect_timeout',
  'dns_failed',
  'tls_failed',
  'reset',
  'protocol_error',
  'response_timeout',
  'idle_timeout',
  'total_timeout',
  'status_5xx'
])

/** Why no backend was tried for a request. */
const REFUSALS = new CountedWords([
  'no_usable_backend',
  'all_tried',
  'at_capacity',
  'queue_full',
  'queue_timeout',
  'circuit_open',
  'overloaded'
])

/** Gauges of a row, by their place behind the group's other ones. */
const GAUGE = { connections: 0, retrying: 1 } as const

/** Counters of a row. */
const COUNTER = {
  connects: 0,
  retries: 1,
  retriesDenied: 2,
  picks: 3,
  failures: 3 + PICKS.size,
  refusals: 3 + PICKS.size + FAILURES.size,
  histograms: 3 + PICKS.size + FAILURES.size + REFUSALS.size
} as const

const DURATION = COUNTER.histograms
const TIME_TO_FIRST_BYTE = DURATION + HISTOGRAM_SIZE
const WAIT = TIME_TO_FIRST_BYTE + HISTOGRAM_SIZE

/** What the numbers of a group take of its slot. */
export const STATS_LAYOUT = { gauges: 2, counters: WAIT + HISTOGRAM_SIZE } as const

/** Where the numbers of a group begin in its slot. */
export interface StatsPlace {
  readonly gauge: number
  readonly counter: number
}

/** Counts by word. */
export type WordCounts = readonly (readonly [word: string, count: number])[]

/**
 * What is only counted of a group, each thread in its own row: nothing is decided by it. Unlike the numbers of its
 * backends it stays when they leave.
 */
export class GroupStats {
  /** Place of the group in live state: one that went and came back has another. */
  readonly slot: number
  readonly #table: LiveTable
  readonly #place: StatsPlace
  readonly #page: LivePage
  readonly #ownGauge: number
  readonly #ownCounter: number

  /** @param row - The calling thread's. */
  constructor(table: LiveTable, slot: number, row: number, place: StatsPlace) {
    this.#table = table
    this.slot = slot
    this.#place = place
    this.#page = table.page(slot)
    this.#ownGauge = table.gaugeIndex(slot, row) + place.gauge
    this.#ownCounter = table.counterIndex(slot, row) + place.counter
  }

  /**
   * A backend was picked.
   *
   * @param reason - How that came about; undefined in the plain case.
   * @param isRetry - Whether for a request that had one before.
   */
  countPick(reason: string | undefined, isRetry: boolean): void {
    this.#count(COUNTER.picks + PICKS.placeOf(reason ?? 'balanced'))
    if (isRetry) this.#count(COUNTER.retries)
  }

  /** An attempt failed. */
  countFailure(reason: string): void {
    this.#count(COUNTER.failures + FAILURES.placeOf(reason))
  }

  /** No backend was tried for a request. */
  countRefusal(reason: string): void {
    this.#count(COUNTER.refusals + REFUSALS.placeOf(reason))
  }

  /** A request would have had another attempt, but the budget was used up. */
  countRetryDenied(): void {
    this.#count(COUNTER.retriesDenied)
  }

  /** A connection to a backend was begun. Every call is paired with one {@link closeConnection}. */
  openConnection(): void {
    this.#count(COUNTER.connects)
    Atomics.add(this.#page.gauges, this.#ownGauge + GAUGE.connections, 1)
  }

  closeConnection(): void {
    Atomics.sub(this.#page.gauges, this.#ownGauge + GAUGE.connections, 1)
  }

  /** Retries of the budget are taken, or given back. */
  addRetrying(change: number): void {
    Atomics.add(this.#page.gauges, this.#ownGauge + GAUGE.retrying, change)
  }

  /** A request is over. @param seconds - From its head to the end of its response. */
  observeDuration(seconds: number): void {
    observeDuration(this.#page.counters, this.#ownCounter + DURATION, seconds)
  }

  /** A backend answered. @param seconds - From the attempt's start to the response's head. */
  observeTimeToFirstByte(seconds: number): void {
    observeDuration(this.#page.counters, this.#ownCounter + TIME_TO_FIRST_BYTE, seconds)
  }

  /** A request has left the line. */
  observeWait(seconds: number): void {
    observeDuration(this.#page.counters, this.#ownCounter + WAIT, seconds)
  }

  /** What all threads have counted so far. */
  get picks(): WordCounts {
    return PICKS.read((place) => this.#sum(COUNTER.picks + place))
  }

  get failures(): WordCounts {
    return FAILURES.read((place) => this.#sum(COUNTER.failures + place))
  }

  get refusals(): WordCounts {
    return REFUSALS.read((place) => this.#sum(COUNTER.refusals + place))
  }

  get retries(): number {
    return this.#sum(COUNTER.retries)
  }

  get retriesDenied(): number {
    return this.#sum(COUNTER.retriesDenied)
  }

  /** Connections that were begun so far. */
  get connects(): number {
    return this.#sum(COUNTER.connects)
  }

  /** Connections that are there, or begin. */
  get connections(): number {
    return this.#table.gauge(this.slot, this.#place.gauge + GAUGE.connections)
  }

  /** Retries that are under way by the budget. */
  get retrying(): number {
    return this.#table.gauge(this.slot, this.#place.gauge + GAUGE.retrying)
  }

  get durations(): HistogramReading {
    return this.#histogram(DURATION)
  }

  get timesToFirstByte(): HistogramReading {
    return this.#histogram(TIME_TO_FIRST_BYTE)
  }

  get waits(): HistogramReading {
    return this.#histogram(WAIT)
  }

  #count(place: number): void {
    this.#page.counters[this.#ownCounter + place]!++
  }

  #sum(place: number): number {
    return this.#table.counter(this.slot, this.#place.counter + place)
  }

  #histogram(base: number): HistogramReading {
    return readHistogram((place) => this.#sum(place), base)
  }
}
