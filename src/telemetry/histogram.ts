/** Upper bounds of the duration buckets, in seconds; prom-client's defaults. One more bucket is infinite. */
export const DURATION_BUCKETS = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10
] as const

/** Counters that a histogram takes: its buckets, the infinite one, and the sum. */
export const HISTOGRAM_SIZE = DURATION_BUCKETS.length + 2

/** What a histogram holds. */
export interface HistogramReading {
  /** Observations by bucket, not cumulative, the infinite one last. */
  readonly buckets: number[]
  /** Sum of all observations, in seconds. */
  readonly sum: number
}

/**
 * Counts one duration.
 *
 * @param base - Where the histogram begins in `counters`.
 */
export function observeDuration(counters: Float64Array, base: number, seconds: number): void {
  let bucket = 0
  while (bucket < DURATION_BUCKETS.length && seconds > DURATION_BUCKETS[bucket]!) bucket++
  counters[base + bucket]!++
  counters[base + HISTOGRAM_SIZE - 1]! += seconds
}

/** @param read - Reads the counter at a place, summed over threads. */
export function readHistogram(read: (place: number) => number, base: number): HistogramReading {
  const buckets = Array.from({ length: HISTOGRAM_SIZE - 1 }, (_, place) => read(base + place))
  return { buckets, sum: read(base + HISTOGRAM_SIZE - 1) }
}

/**
 * Estimates a quantile by linear interpolation within its bucket, as Prometheus' histogram_quantile does.
 *
 * @param q - 0 to 1.
 * @returns Seconds; null without observations; the largest bound when it lies in the infinite bucket.
 */
export function quantile({ buckets }: HistogramReading, q: number): number | null {
  const total = buckets.reduce((sum, count) => sum + count, 0)
  if (total === 0) return null
  const rank = q * total
  let below = 0
  for (const [index, count] of buckets.entries()) {
    const bound = DURATION_BUCKETS[index]
    if (bound === undefined) break
    if (below + count >= rank && count > 0) {
      const lower = DURATION_BUCKETS[index - 1] ?? 0
      return lower + ((bound - lower) * (rank - below)) / count
    }
    below += count
  }
  return DURATION_BUCKETS.at(-1)!
}
