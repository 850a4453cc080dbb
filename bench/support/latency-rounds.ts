import { setTimeout as delay } from 'node:timers/promises'
import type { LoadReport } from './open-loop.ts'
import type { StartedGateway, StartedLoad } from './processes.ts'
import type { Reloader } from './reloader.ts'
import { median, percentile } from './statistics.ts'

/** How the traffic is measured. */
export interface RoundsOptions {
  readonly rounds: number
  readonly perSecond: number
  readonly connections: number
  readonly routes: number
  /** Reloads of a window that has reloads. */
  readonly reloads: number
  /** Length of a window, in milliseconds. */
  readonly window: number
}

/** Figures of one kind of window, medians over the rounds, in milliseconds. */
export interface WindowFigures {
  readonly p50: number
  readonly p99: number
  readonly max: number
  /** How late the clients themselves were, 99th percentile. */
  readonly lag: number
}

/** What the rounds have shown. */
export interface RoundsReport {
  readonly quiet: WindowFigures
  readonly reloading: WindowFigures
  /** Median over the rounds of p99 with reloads ÷ p99 without, of windows that follow each other. */
  readonly ratio: number
  readonly requests: number
  readonly failures: readonly string[]
  /** Milliseconds of every reload. */
  readonly reloads: readonly number[]
}

/** Pause between two windows, in milliseconds. */
const PAUSE = 500

/**
 * Measures windows with and without reloads in turns, so that what else the machine does falls on both; each round
 * begins with the other kind.
 */
export async function measureRounds(
  gateway: StartedGateway,
  load: StartedLoad,
  reloader: Reloader,
  options: RoundsOptions
): Promise<RoundsReport> {
  const order = { url: gateway.url, duration: options.window, ...options }
  const reloads: number[] = []
  const windows = { quiet: [] as LoadReport[], reloading: [] as LoadReport[] }
  const quiet = async (): Promise<void> => {
    windows.quiet.push(await load.run(order))
  }
  const reloading = async (): Promise<void> => {
    const [report, times] = await Promise.all([
      load.run(order),
      reloader.spread(gateway.adminUrl, options.reloads, options.window)
    ])
    windows.reloading.push(report)
    reloads.push(...times)
  }

  await load.run(order)
  await reloader.spread(gateway.adminUrl, options.reloads, options.window)
  for (let round = 0; round < options.rounds; round++) {
    for (const window of round % 2 === 0 ? [quiet, reloading] : [reloading, quiet]) {
      await delay(PAUSE)
      await window()
    }
  }
  const p99 = ({ latencies }: LoadReport): number => percentile(latencies, 0.99)
  const all = [...windows.quiet, ...windows.reloading]
  return {
    quiet: figures(windows.quiet),
    reloading: figures(windows.reloading),
    ratio: median(windows.reloading.map((report, round) => p99(report) / p99(windows.quiet[round]!))),
    requests: all.reduce((sum, { latencies }) => sum + latencies.length, 0),
    failures: all.flatMap(({ failures }) => failures),
    reloads
  }
}

function figures(reports: readonly LoadReport[]): WindowFigures {
  const over = (values: (report: LoadReport) => readonly number[], q: number): number =>
    median(reports.map((report) => percentile(values(report), q)))
  return {
    p50: over(({ latencies }) => latencies, 0.5),
    p99: over(({ latencies }) => latencies, 0.99),
    max: over(({ latencies }) => latencies, 1),
    lag: over(({ lags }) => lags, 0.99)
  }
}
