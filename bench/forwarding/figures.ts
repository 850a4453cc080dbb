import { median } from '../support/statistics.ts'
import type { Measurement, Results } from './rounds.ts'

/** The measurements of one entry under one load, one per round. */
export function measurementsOf(results: Results, key: string, load: string): readonly Measurement[] {
  return results.get(key)?.get(load) ?? []
}

/** Median of one figure over the rounds. */
export function medianOf(measurements: readonly Measurement[], figure: keyof Measurement): number {
  return median(measurements.map((each) => each[figure]))
}

/** The smallest CPU time per request, in microseconds: what disturbs a proxy only ever adds to it. */
export function leastCpu(measurements: readonly Measurement[]): number {
  return Math.min(...measurements.map(({ cpu }) => cpu))
}

/** Median of the rounds' ratios of CPU time per request: both of a ratio were measured in the same minute. */
export function cpuRatio(ours: readonly Measurement[], theirs: readonly Measurement[]): number {
  return median(ours.map(({ cpu }, round) => cpu / theirs[round]!.cpu))
}

/** Median of the rounds' differences in CPU time per request, in microseconds. */
export function cpuDifference(more: readonly Measurement[], less: readonly Measurement[]): number {
  return median(more.map(({ cpu }, round) => cpu - less[round]!.cpu))
}

/** How busy the proxies' core was with something else, as a sentence. */
export function disturbance(results: Results): string {
  const all = [...results.values()].flatMap((loads) => [...loads.values()].flat())
  return `Other processes took ${(100 * medianOf(all, 'others')).toFixed(0)} % of the proxies' core (median of all windows).`
}
