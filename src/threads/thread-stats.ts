import { type EventLoopUtilization, monitorEventLoopDelay, performance } from 'node:perf_hooks'
import type { LiveLayout, LiveTable } from '../upstreams/live-table.ts'

/** Gauges of a thread, by their place in its row. Times in microseconds, the utilization in millionths. */
const GAUGE = { mean: 0, p99: 1, most: 2, utilization: 3, isTold: 4 } as const

/** One slot; a row per thread. */
export const THREAD_LAYOUT: LiveLayout = { pageSlots: 1, shared: 0, gauges: 5, counters: 0 }

/** How long the delay is measured before it is told, in milliseconds. */
const INTERVAL = 1000
/** How often the loop is looked at meanwhile, in milliseconds. */
const RESOLUTION = 20

/** How an event loop does, of late. */
export interface LoopReading {
  /** Its row. */
  readonly row: number
  /** How late timers were, in seconds. */
  readonly mean: number
  readonly p99: number
  readonly most: number
  /** Share of the time that it was busy, 0 to 1. */
  readonly utilization: number
}

/**
 * Measures how late this thread's event loop is, and writes it into its row once a second.
 *
 * @returns What ends it.
 */
export function measureEventLoop(table: LiveTable, row: number): () => void {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION })
  delay.enable()
  const { gauges } = table.page(0)
  const first = table.gaugeIndex(0, row)
  // What is measured is the time between two looks. It is in nanoseconds.
  const late = (nanoseconds: number): number =>
    Number.isNaN(nanoseconds) ? 0 : Math.max(0, Math.round(nanoseconds / 1000 - RESOLUTION * 1000))
  let before: EventLoopUtilization = performance.eventLoopUtilization()
  const tell = (): void => {
    const now = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(now, before)
    before = now
    Atomics.store(gauges, first + GAUGE.mean, late(delay.mean))
    Atomics.store(gauges, first + GAUGE.p99, late(delay.percentile(99)))
    Atomics.store(gauges, first + GAUGE.most, late(delay.max))
    Atomics.store(gauges, first + GAUGE.utilization, Math.round(utilization * 1e6))
    Atomics.store(gauges, first + GAUGE.isTold, 1)
    delay.reset()
  }
  // After a stall all timers that are due run first: the monitor must have looked before it is asked and reset.
  const timer = setInterval(() => setImmediate(tell), INTERVAL).unref()
  return () => {
    clearInterval(timer)
    delay.disable()
  }
}

/** How the event loops of all threads do that live. */
export function readEventLoops(table: LiveTable): LoopReading[] {
  const { gauges } = table.page(0)
  return Array.from({ length: table.rows }, (_, row) => row).flatMap((row) => {
    const at = (place: number): number => Atomics.load(gauges, table.gaugeIndex(0, row) + place)
    if (at(GAUGE.isTold) === 0) return []
    const reading = {
      row,
      mean: at(GAUGE.mean) / 1e6,
      p99: at(GAUGE.p99) / 1e6,
      most: at(GAUGE.most) / 1e6,
      utilization: at(GAUGE.utilization) / 1e6
    }
    return [reading]
  })
}
