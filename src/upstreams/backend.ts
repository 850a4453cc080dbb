import {
  HISTOGRAM_SIZE,
  type HistogramReading,
  observeDuration,
  readHistogram
} from '../telemetry/histogram.ts'
import type { LivePage, LiveLayout, LiveTable } from './live-table.ts'

/** Bits of a backend's status word; 0 = it may have traffic. Written by the control plane alone. */
export const STATUS = { ill: 1 } as const

/** Counters of a backend, by their place in its row. */
export const BACKEND_COUNTER = { attempts: 0, failures: 1, timeToFirstByte: 2 } as const

/** Shared: the status word. Gauges: in flight. Counters: {@link BACKEND_COUNTER}, the last of them a histogram. */
export const BACKEND_LAYOUT: LiveLayout = {
  pageSlots: 256,
  shared: 1,
  gauges: 1,
  counters: 2 + HISTOGRAM_SIZE
}

/** A backend as every thread is told of it: plain data. */
export interface BackendDescriptor {
  /** Unique within the group and stable over restarts: `host:port`, for https with `+tls` behind it. */
  readonly id: string
  readonly url: string
  readonly weight: number
  /** Place of its live state. */
  readonly slot: number
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
export class Backend {
  readonly id: string
  readonly group: string
  readonly url: string
  readonly weight: number
  readonly slot: number
  readonly #table: LiveTable
  readonly #page: LivePage
  readonly #rows: number
  readonly #status: number
  readonly #gauge: number
  readonly #gaugeStride: number
  readonly #ownGauge: number
  readonly #ownCounter: number

  /** @param row - The calling thread's row. */
  constructor(group: string, descriptor: BackendDescriptor, table: LiveTable, row: number) {
    this.id = descriptor.id
    this.group = group
    this.url = descriptor.url
    this.weight = descriptor.weight
    this.slot = descriptor.slot
    this.#table = table
    this.#page = table.page(this.slot)
    this.#rows = table.rows
    this.#status = table.sharedIndex(this.slot)
    this.#gauge = table.gaugeIndex(this.slot, 0)
    this.#gaugeStride = table.gaugeStride
    this.#ownGauge = table.gaugeIndex(this.slot, row)
    this.#ownCounter = table.counterIndex(this.slot, row)
  }

  /** Whether nothing keeps traffic from it. */
  get usable(): boolean {
    return this.#page.shared[this.#status] === 0
  }

  /** The status word: bits of {@link STATUS}. */
  get status(): number {
    return Atomics.load(this.#page.shared, this.#status)
  }

  /** Attempts in flight over all threads. */
  get inFlight(): number {
    const { gauges } = this.#page
    let sum = 0
    for (let row = 0, index = this.#gauge; row < this.#rows; row++, index += this.#gaugeStride) {
      sum += gauges[index]!
    }
    return sum
  }

  /** Counts an attempt in. Every call is paired with exactly one {@link end}. */
  begin(): void {
    Atomics.add(this.#page.gauges, this.#ownGauge, 1)
    this.#page.counters[this.#ownCounter + BACKEND_COUNTER.attempts]!++
  }

  /** Counts an attempt out. @param failed - Whether the backend, not the client, broke it. */
  end(failed: boolean): void {
    Atomics.sub(this.#page.gauges, this.#ownGauge, 1)
    if (failed) this.#page.counters[this.#ownCounter + BACKEND_COUNTER.failures]!++
  }

  /** Counts the time to a response's head. @param seconds - From the attempt's start. */
  answered(seconds: number): void {
    observeDuration(this.#page.counters, this.#ownCounter + BACKEND_COUNTER.timeToFirstByte, seconds)
  }

  /** Times to a response's head so far, over all threads. */
  timesToFirstByte(): HistogramReading {
    return readHistogram((place) => this.#table.counter(this.slot, place), BACKEND_COUNTER.timeToFirstByte)
  }

  /** Sets or clears bits of the status word. Only the control plane does. */
  setStatus(bit: number, on: boolean): void {
    if (on) Atomics.or(this.#page.shared, this.#status, bit)
    else Atomics.and(this.#page.shared, this.#status, ~bit)
  }
}
