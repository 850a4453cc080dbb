import type { Outcomes } from './outcome-meter.ts'

/** Fewer backends with enough requests decide nothing. */
const LEAST_BACKENDS = 5
/** A backend with fewer requests is not compared. */
const LEAST_REQUESTS = 100
/** How many standard deviations below the mean are too many. */
const DEVIATIONS = 1.9
/**
 * One with fewer failures is no outlier, however even the others are: among five of which four have none, a single
 * failure lies two deviations below the mean.
 */
const LEAST_FAILURES = 5

/** What came of a backend's requests in an interval. */
export interface RatedBackend extends Outcomes {
  readonly id: string
}

/**
 * Who does worse than the rest of the group (Envoy's success-rate outlier detection): below the mean of all rates less
 * 1.9 standard deviations, where at least 5 backends had at least 100 requests.
 */
export function outliers(backends: readonly RatedBackend[]): string[] {
  const rated = backends
    .filter(({ succeeded, failed }) => succeeded + failed >= LEAST_REQUESTS)
    .map(({ id, succeeded, failed }) => ({ id, failed, rate: succeeded / (succeeded + failed) }))
  if (rated.length < LEAST_BACKENDS) return []
  const mean = rated.reduce((sum, { rate }) => sum + rate, 0) / rated.length
  const variance = rated.reduce((sum, { rate }) => sum + (rate - mean) ** 2, 0) / rated.length
  const threshold = mean - DEVIATIONS * Math.sqrt(variance)
  return rated.filter(({ rate, failed }) => rate < threshold && failed >= LEAST_FAILURES).map(({ id }) => id)
}
