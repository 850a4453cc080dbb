import { markdownTable } from '../support/markdown.ts'
import { median } from '../support/statistics.ts'
import { type Contestant, THEIRS } from './contestants.ts'
import type { Measurement } from './lane.ts'
import type { Results } from './rounds.ts'
import type { Scenario } from './scenario.ts'

/** Figures of a measurement of which a median makes sense. */
type Figure = 'p50' | 'p99' | 'p999' | 'mean' | 'toSlow' | 'failed'

/** One table per scenario: all contestants side by side. */
export function tailTables(
  contestants: readonly Contestant[],
  scenarios: readonly Scenario[],
  results: Results
): string {
  return scenarios
    .map(({ name, title }) => `### Tail, ${title}\n\n${tailTable(contestants, results.get(name)!)}`)
    .join('\n\n')
}

/** How late the clients were, as a sentence: their part of every latency. */
export function lateness(results: Results): string {
  const lags = [...results.values()]
    .flatMap((measured) => [...measured.values()].flat())
    .map(({ lag }) => lag)
  const [middle, most] = [median(lags), Math.max(...lags)].map((lag) => lag.toFixed(1))
  return `The clients themselves were late by ${middle} ms (p99 of a window, median of all windows; at most ${most} ms).`
}

/** Median of the rounds' ratios of one figure: both of a ratio had the same arrivals and service times. */
export function ratioOf(
  figure: Figure,
  ours: readonly Measurement[],
  theirs: readonly Measurement[]
): number {
  return median(ours.map((each, round) => each[figure] / theirs[round]![figure]))
}

function tailTable(
  contestants: readonly Contestant[],
  measured: ReadonlyMap<string, readonly Measurement[]>
): string {
  const theirs = measured.get(THEIRS)
  const head = [
    'ms from when a request was due',
    'p50',
    'p99',
    'p99.9',
    'mean',
    'p99 ÷ HAProxy leastconn',
    'to slow ones',
    'errors'
  ]
  const rows = contestants.map(({ name, title }) => {
    const own = measured.get(name)!
    const of = (figure: Figure): number => median(own.map((each) => each[figure]))
    return [
      title,
      of('p50').toFixed(1),
      whole(of('p99')),
      whole(of('p999')),
      of('mean').toFixed(1),
      theirs === undefined || name === THEIRS ? '' : ratioOf('p99', own, theirs).toFixed(2),
      percent(of('toSlow')),
      percent(of('failed'))
    ]
  })
  return markdownTable([head, ...rows])
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}

function percent(share: number): string {
  return share === 0 ? '0' : `${(100 * share).toFixed(2)} %`
}
