import { cpuRatio, leastCpu, measurementsOf, medianOf } from './figures.ts'
import type { Load } from './loads.ts'
import { figure, markdownTable } from '../support/markdown.ts'
import type { Entry, Results } from './rounds.ts'

/** One table per load: all contestants side by side, and how the first compares with each. */
export function loadsTables(entries: readonly Entry[], loads: readonly Load[], results: Results): string {
  return loads.map((load) => `### ${load.title}\n\n${loadTable(entries, load, results)}`).join('\n\n')
}

function loadTable(entries: readonly Entry[], load: Load, results: Results): string {
  const [first] = entries
  if (first === undefined) return ''
  const ours = measurementsOf(results, first.key, load.name)
  const head = [
    '',
    'CPU µs/request',
    'least',
    `${first.contestant.title} ÷ it`,
    'requests/s',
    'p50 ms',
    'p99 ms',
    'RSS MiB'
  ]
  const rows = entries.map(({ key, contestant }) => {
    const measured = measurementsOf(results, key, load.name)
    return [
      contestant.title,
      figure(medianOf(measured, 'cpu')),
      figure(leastCpu(measured)),
      key === first.key ? '' : cpuRatio(ours, measured).toFixed(2),
      Math.round(medianOf(measured, 'perSecond')).toLocaleString('en-US'),
      (medianOf(measured, 'p50') / 1000).toFixed(2),
      (medianOf(measured, 'p99') / 1000).toFixed(2),
      medianOf(measured, 'memory').toFixed(0)
    ]
  })
  return markdownTable([head, ...rows])
}
