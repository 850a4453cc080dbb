import type { Contestant } from './contestants/contestant.ts'
import { cpuDifference, leastCpu, measurementsOf, medianOf } from './figures.ts'
import { GET_1K } from './loads.ts'
import { figure, markdownTable } from '../support/markdown.ts'
import type { Entry, Results } from './rounds.ts'

/** Every contestant that can log, without and with its access log to a file. */
export function logsEntries(contestants: readonly Contestant[]): Entry[] {
  return contestants
    .filter(({ logs }) => logs)
    .flatMap((contestant) =>
      [false, true].map((log) => ({ key: keyOf(contestant, log), contestant, log, loads: [GET_1K] }))
    )
}

/**
 * CPU time of one access log line, in microseconds; below 0 when the rounds differed by more than a line costs, undefined for
 * somebody who did not take part.
 */
export function costOfLine(results: Results, contestant: Contestant): number | undefined {
  const [without, withLog] = [false, true].map((log) =>
    measurementsOf(results, keyOf(contestant, log), GET_1K.name)
  )
  return without?.length && withLog?.length ? cpuDifference(withLog, without) : undefined
}

/** What a line costs whom. */
export function logsTable(contestants: readonly Contestant[], results: Results): string {
  const rows = contestants.flatMap((contestant) => {
    const line = costOfLine(results, contestant)
    if (line === undefined) return []
    const [without, withLog] = [false, true].map((log) =>
      measurementsOf(results, keyOf(contestant, log), GET_1K.name)
    )
    return [
      [
        contestant.title,
        figure(medianOf(without!, 'cpu')),
        figure(leastCpu(without!)),
        figure(medianOf(withLog!, 'cpu')),
        figure(leastCpu(withLog!)),
        line > 0 ? line.toFixed(1) : 'lost in noise',
        Math.round(medianOf(withLog!, 'perSecond')).toLocaleString('en-US')
      ]
    ]
  })
  return markdownTable([
    ['', 'CPU µs/request without', 'least', 'with', 'least', 'µs per line', 'requests/s with'],
    ...rows
  ])
}

function keyOf({ name }: Contestant, log: boolean): string {
  return log ? `${name} with log` : name
}
