import { gateway } from './contestants/ours.ts'
import { cpuDifference, leastCpu, measurementsOf, medianOf } from './figures.ts'
import { GET_1K } from './loads.ts'
import { figure, markdownTable } from '../support/markdown.ts'
import type { Entry, Results } from './rounds.ts'

/** Ours as it is, and what asks it for its metrics. */
const WAYS = [
  { key: 'nobody asks', backends: 3, scrapeEvery: undefined },
  { key: 'scraped every second', backends: 3, scrapeEvery: 1000 },
  { key: 'nobody asks, 300 backends', backends: 300, scrapeEvery: undefined },
  { key: 'scraped every second, 300 backends', backends: 300, scrapeEvery: 1000 }
] as const

/** Ours without a scraper and with, with few backends and with many. */
export function metricsEntries(): Entry[] {
  return WAYS.map(({ key, backends, scrapeEvery }) => ({
    key,
    contestant: gateway({ name: key, title: key, backends, ...(scrapeEvery && { scrapeEvery }) }),
    log: false,
    loads: [GET_1K]
  }))
}

/** What a scraper costs, spread over the requests. */
export function metricsTable(results: Results): string {
  const rows = WAYS.map(({ key, backends, scrapeEvery }) => {
    const measured = measurementsOf(results, key, GET_1K.name)
    const without = WAYS.find((way) => way.backends === backends && !way.scrapeEvery)!
    const base = measurementsOf(results, without.key, GET_1K.name)
    const share = (100 * cpuDifference(measured, base)) / medianOf(base, 'cpu')
    return [
      key,
      figure(medianOf(measured, 'cpu')),
      figure(leastCpu(measured)),
      scrapeEvery === undefined ? '' : `${share.toFixed(1)} %`,
      (medianOf(measured, 'p99') / 1000).toFixed(2)
    ]
  })
  return markdownTable([['ours', 'CPU µs/request', 'least', 'of a scraper', 'p99 ms'], ...rows])
}
