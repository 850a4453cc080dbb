import type { Contestant } from './contestants/contestant.ts'
import { judgeLine, judgeLoads, judgeSize, type Verdict } from './goals.ts'
import { limitsEntries, limitsTable } from './limits-table.ts'
import type { Load } from './loads.ts'
import { loadsTables } from './loads-table.ts'
import { costOfLine, logsEntries, logsTable } from './logs-table.ts'
import { metricsEntries, metricsTable } from './metrics-table.ts'
import type { TableName } from './options.ts'
import type { Entry, Results } from './rounds.ts'
import { costOfSize, scaleEntries, scaleTable } from './scale-table.ts'

/** What is measured for one part of the report, and how it is shown. */
export interface Report {
  readonly entries: readonly Entry[]
  /** Markdown. */
  text(results: Results): string
  verdicts(results: Results): Verdict[]
}

/** The parts of the report by name. */
export const REPORTS: Readonly<
  Record<
    TableName,
    (contestants: readonly Contestant[], loads: readonly Load[], redis: string | undefined) => Report
  >
> = {
  loads: (contestants, loads) => {
    const entries = contestants.map((contestant) => ({ key: contestant.name, contestant, log: false, loads }))
    return { entries, text: (results) => loadsTables(entries, loads, results), verdicts: judgeLoads }
  },
  logs: (contestants) => ({
    entries: logsEntries(contestants),
    text: (results) => `### Access log to a file, GET 1 KB\n\n${logsTable(contestants, results)}`,
    verdicts: (results) => {
      const ours = contestants.find(({ name }) => name === 'ours')
      const line = ours && costOfLine(results, ours)
      return line === undefined || line <= 0 ? [] : [judgeLine(line)]
    }
  }),
  scale: () => ({
    entries: scaleEntries(),
    text: (results) => `### Many routes, many backends, GET 1 KB\n\n${scaleTable(results)}`,
    verdicts: (results) => judgeSize(costOfSize(results))
  }),
  limits: (_contestants, _loads, redis) => ({
    entries: limitsEntries(redis),
    text: (results) => `### Rate limits, GET 1 KB\n\n${limitsTable(redis, results)}`,
    verdicts: () => []
  }),
  metrics: () => ({
    entries: metricsEntries(),
    text: (results) => `### Metrics, GET 1 KB\n\n${metricsTable(results)}`,
    verdicts: () => []
  })
}
