import { quantile } from '../../telemetry/histogram.ts'
import type { RouteStats } from '../../telemetry/route-stats.ts'
import { CounterWindow } from './counter-window.ts'
import { LATELY } from './history.ts'
import { rounded } from './rounded.ts'
import type { RouteRow, TotalNumbers } from './wire.ts'

const CLASSES = [1, 2, 3, 4, 5] as const

/** Where the counters of a route stand among those that are looked at. */
const PLACE = { requests: 0, clientErrors: 1, serverErrors: 2, buckets: 3 } as const

/** The routes as they were when they were last looked at. */
export class RouteSamples {
  readonly #window: number
  #all: CounterWindow
  #names = ''
  #windows = new Map<string, CounterWindow>()
  #rows = new Map<string, string>()

  /** @param window - Seconds that rates and quantiles go back. */
  constructor(window: number) {
    this.#window = window
    this.#all = new CounterWindow(window)
  }

  /** What they do together. */
  total(): Omit<TotalNumbers, 'inFlight'> {
    const buckets = this.#all.growth(PLACE.buckets, this.#all.places)
    return {
      requests: rounded(this.#all.rate(PLACE.requests, LATELY)),
      failures: rounded(this.#all.rate(PLACE.serverErrors, LATELY)),
      p50: rounded(quantile({ buckets, sum: 0 }, 0.5)),
      p99: rounded(quantile({ buckets, sum: 0 }, 0.99))
    }
  }

  /** Looks at the routes of these names. @param at - Seconds. @returns The rows that have changed, as JSON. */
  take(names: readonly string[], stats: RouteStats, at: number): string {
    const windows = new Map<string, CounterWindow>()
    const rows = new Map<string, string>()
    const all: number[] = []
    for (const name of names) {
      const window = this.#windows.get(name) ?? new CounterWindow(this.#window)
      const counts = countsOf(stats, stats.slotOf(name))
      counts.forEach((count, place) => (all[place] = (all[place] ?? 0) + count))
      window.look(at, counts)
      windows.set(name, window)
      rows.set(name, JSON.stringify(rowOf(name, window)))
    }
    // A route that came or went brings or takes its counts: that is no traffic.
    if (this.#names !== (this.#names = names.join('\n'))) this.#all = new CounterWindow(this.#window)
    this.#all.look(at, all)
    const changed = [...rows].filter(([name, row]) => this.#rows.get(name) !== row).map(([, row]) => row)
    this.#windows = windows
    this.#rows = rows
    return `[${changed.join(',')}]`
  }

  /** All rows as of the last look, as JSON. */
  full(): string {
    return `[${[...this.#rows.values()].join(',')}]`
  }
}

function countsOf(stats: RouteStats, slot: number): number[] {
  const counts: number[] = [0, 0, 0]
  for (const statusClass of CLASSES) {
    const { buckets } = stats.durations(slot, statusClass)
    let requests = 0
    buckets.forEach((count, index) => {
      requests += count
      counts[PLACE.buckets + index] = (counts[PLACE.buckets + index] ?? 0) + count
    })
    counts[PLACE.requests]! += requests
    if (statusClass === 4) counts[PLACE.clientErrors] = requests
    if (statusClass === 5) counts[PLACE.serverErrors] = requests
  }
  return counts
}

function rowOf(name: string, window: CounterWindow): RouteRow {
  const buckets = window.growth(PLACE.buckets, window.places)
  return [
    name,
    rounded(window.rate(PLACE.requests)),
    rounded(window.rate(PLACE.clientErrors)),
    rounded(window.rate(PLACE.serverErrors)),
    rounded(quantile({ buckets, sum: 0 }, 0.5)),
    rounded(quantile({ buckets, sum: 0 }, 0.99))
  ]
}
