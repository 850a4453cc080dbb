import { COUNTED_REASONS } from './counted-reasons.ts'
import { type HistogramReading, HISTOGRAM_SIZE, observeDuration, readHistogram } from './histogram.ts'
import { type LiveLayout, LiveTable } from '../upstreams/live-table.ts'
import { KeyedSlots } from '../upstreams/slots.ts'

/** Methods that are counted by name; all others share one place. */
export const COUNTED_METHODS = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  '__other__'
] as const

/** Statuses that are counted each; all others share one place (0). */
export const COUNTED_STATUSES = [
  0, 101, 200, 201, 202, 204, 206, 301, 302, 303, 304, 307, 308, 400, 401, 402, 403, 404, 405, 406, 408, 409,
  410, 411, 412, 413, 414, 415, 416, 417, 421, 422, 425, 426, 428, 429, 431, 499, 500, 501, 502, 503, 504, 507
] as const

const STATUS_CLASSES = 5
const REQUESTS = COUNTED_METHODS.length * COUNTED_STATUSES.length
const REASONS = REQUESTS + STATUS_CLASSES * HISTOGRAM_SIZE

/**
 * Gauges: requests in flight. Counters: requests by method and status, then a duration histogram by status class, then
 * requests by reason.
 */
export const ROUTE_LAYOUT: LiveLayout = {
  pageSlots: 64,
  shared: 0,
  gauges: 1,
  counters: REASONS + COUNTED_REASONS.size
}

const METHOD_PLACE: ReadonlyMap<string, number> = new Map(
  COUNTED_METHODS.map((method, place) => [method, place])
)
const STATUS_PLACE = new Uint8Array(1000)
COUNTED_STATUSES.forEach((status, place) => (STATUS_PLACE[status] = place))

/** Key under which requests are counted that no route takes. */
export const NO_ROUTE = '__none__'

/** Requests and durations by route, counted by each thread in its own row. */
export class RouteStats {
  readonly table: LiveTable
  readonly #slots: ReadonlyMap<string, number>
  readonly #row: number

  /**
   * @param slots - Place of each route, by name, {@link NO_ROUTE} among them.
   * @param row - The calling thread's row.
   */
  constructor(table: LiveTable, slots: ReadonlyMap<string, number>, row: number) {
    this.table = table
    this.#slots = slots
    this.#row = row
  }

  /** The slot of a route; that of {@link NO_ROUTE} when there is none of this name. */
  slotOf(route: string | undefined): number {
    return this.#slots.get(route ?? NO_ROUTE) ?? this.#slots.get(NO_ROUTE) ?? 0
  }

  /** Counts a request in. Every call is paired with exactly one {@link end}, which keeps the slot in use. */
  begin(slot: number): void {
    const { gauges } = this.table.page(slot)
    Atomics.add(gauges, this.table.gaugeIndex(slot, this.#row), 1)
  }

  /**
   * @param seconds - From the request's head to its end.
   * @param reason - Why it did not go well, if it did not.
   */
  end(slot: number, method: string, status: number, seconds: number, reason?: string): void {
    const { gauges, counters } = this.table.page(slot)
    const base = this.table.counterIndex(slot, this.#row)
    counters[base + requestPlace(method, status)]!++
    observeDuration(counters, base + histogramPlace(status), seconds)
    if (reason !== undefined) counters[base + REASONS + COUNTED_REASONS.placeOf(reason)]!++
    Atomics.sub(gauges, this.table.gaugeIndex(slot, this.#row), 1)
  }

  /** Routes whose requests are counted, {@link NO_ROUTE} among them, with their slots. */
  get routes(): Iterable<readonly [name: string, slot: number]> {
    return this.#slots
  }

  /** Requests of a route so far, over all threads, by method and status; those that are 0 left out. */
  *counts(slot: number): Generator<{ method: string; status: number; count: number }> {
    const counts = this.table.counters(slot, 0, REQUESTS)
    for (const [row, method] of COUNTED_METHODS.entries()) {
      for (const [column, status] of COUNTED_STATUSES.entries()) {
        const count = counts[row * COUNTED_STATUSES.length + column]!
        if (count > 0) yield { method, status, count }
      }
    }
  }

  /** Requests of a route that did not go well so far, over all threads, by reason. */
  reasons(slot: number): (readonly [reason: string, count: number])[] {
    const counts = this.table.counters(slot, REASONS, COUNTED_REASONS.size)
    return COUNTED_REASONS.read((place) => counts[place]!)
  }

  /** Requests of a route in flight, over all threads. */
  inFlight(slot: number): number {
    return this.table.gauge(slot)
  }

  /** Requests of a route so far, over all threads. */
  requests(slot: number, method: string, status: number): number {
    return this.table.counter(slot, requestPlace(method, status))
  }

  /** Durations of a route so far by class of status (2 = 2xx), over all threads. */
  durations(slot: number, statusClass: 1 | 2 | 3 | 4 | 5): HistogramReading {
    const counts = this.table.counters(slot, histogramPlace(statusClass * 100), HISTOGRAM_SIZE)
    return readHistogram((place) => counts[place]!, 0)
  }
}

/** Counts of an app that is all by itself: one thread, and routes that stay. @param routes - Their names. */
export function localRouteStats(routes: readonly string[]): RouteStats {
  const slots = new KeyedSlots(new LiveTable(ROUTE_LAYOUT, 1))
  slots.reserve([NO_ROUTE, ...routes])
  return new RouteStats(slots.table, new Map(slots.entries()), 0)
}

function requestPlace(method: string, status: number): number {
  const methodPlace = METHOD_PLACE.get(method) ?? COUNTED_METHODS.length - 1
  return methodPlace * COUNTED_STATUSES.length + (STATUS_PLACE[status] ?? 0)
}

function histogramPlace(status: number): number {
  const statusClass = Math.min(Math.max(Math.floor(status / 100), 1), STATUS_CLASSES)
  return REQUESTS + (statusClass - 1) * HISTOGRAM_SIZE
}
