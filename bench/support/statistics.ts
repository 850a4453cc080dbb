/**
 * The value below which the share `q` (0 to 1) of the samples lies, by the nearest-rank method.
 *
 * @throws RangeError without samples.
 */
export function percentile(samples: readonly number[], q: number): number {
  const sorted = samples.toSorted((a, b) => a - b)
  const value = sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)]
  if (value === undefined) throw new RangeError('a percentile needs at least one sample')
  return value
}

/** The middle of the samples, which one odd run doesn't move. */
export function median(samples: readonly number[]): number {
  return percentile(samples, 0.5)
}
