import { DURATION_BUCKETS, type HistogramReading } from '../histogram.ts'

/** Labels of a sample, by name: values stand in the configuration, or are words of a fixed list. */
export type Labels = Readonly<Record<string, string | number>>

/** One number of a family. */
export interface Sample {
  readonly labels?: Labels
  /** Labels that many samples have in common; one object for all of them is printed faster. */
  readonly sharedLabels?: Labels
  readonly value: number
  /** What a histogram or a summary appends to the family's name. */
  readonly suffix?: '_bucket' | '_sum' | '_count'
}

/** A metric with all its label sets, read from live state when it is asked for. */
export interface MetricFamily {
  readonly name: `xecureapi_${string}`
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram' | 'summary'
  readonly collect: () => Iterable<Sample>
}

/** Bounds as Prometheus prints them. */
const BOUNDS = [...DURATION_BUCKETS.map(String), '+Inf']

/** The samples of a histogram: its buckets, cumulative, then sum and count. */
export function* histogramSamples({ buckets, sum }: HistogramReading, labels: Labels): Generator<Sample> {
  let count = 0
  for (const [index, bound] of BOUNDS.entries()) {
    count += buckets[index]!
    yield { labels: { le: bound }, sharedLabels: labels, value: count, suffix: '_bucket' }
  }
  yield { sharedLabels: labels, value: sum, suffix: '_sum' }
  yield { sharedLabels: labels, value: count, suffix: '_count' }
}

/** The samples of a summary that has no quantiles. */
export function* summarySamples({ buckets, sum }: HistogramReading, labels: Labels): Generator<Sample> {
  const count = buckets.reduce((total, each) => total + each, 0)
  yield { sharedLabels: labels, value: sum, suffix: '_sum' }
  yield { sharedLabels: labels, value: count, suffix: '_count' }
}

/** Families of one type whose members each yield samples of their own. */
export function familyOf<Member>(members: () => Iterable<Member>) {
  return (
    type: MetricFamily['type'],
    name: MetricFamily['name'],
    help: string,
    samples: (member: Member) => Iterable<Sample>
  ): MetricFamily => ({
    name,
    help,
    type,
    *collect() {
      for (const member of members()) yield* samples(member)
    }
  })
}
