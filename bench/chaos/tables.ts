import { markdownTable } from '../support/markdown.ts'
import type { ChaosResult } from './chaos-run.ts'
import type { Finding } from './ledger.ts'
import type { Outcome } from './sight.ts'

/** What clients saw, by what they asked for. */
export function outcomeTable({ outcomes }: ChaosResult): string {
  const columns: readonly (readonly [string, (outcome: Outcome) => boolean])[] = [
    ['requests', () => true],
    ['whole', ({ ending, status }) => ending === 'complete' && status < 400],
    ['502', isProblem(502)],
    ['503', isProblem(503)],
    ['504', isProblem(504)],
    [
      'other',
      ({ ending, status }) => ending === 'complete' && status >= 400 && ![502, 503, 504].includes(status)
    ],
    ['broken off', ({ ending, status }) => ending === 'broken' && status !== 0],
    ['broken before', ({ ending, status }) => ending === 'broken' && status === 0],
    ['left', ({ ending }) => ending === 'left']
  ]
  const kinds = [...new Set(outcomes.map(({ errand }) => errand.kind))].toSorted()
  const row = (title: string, of: readonly Outcome[]): string[] => [
    title,
    ...columns.map(([, is]) => of.filter(is).length.toLocaleString('en-US'))
  ]
  return markdownTable([
    ['what clients saw', ...columns.map(([name]) => name)],
    ...kinds.map((kind) =>
      row(
        kind,
        outcomes.filter(({ errand }) => errand.kind === kind)
      )
    ),
    row('all', outcomes)
  ])
}

/** What was done to whom, and what else is worth knowing; lines of Markdown. */
export function remarks(result: ChaosResult): string {
  const { troubles, log, crashes, takenAlong, unprovoked, slowestRecovery } = result
  const all = [...troubles].toSorted(([one], [other]) => one.localeCompare(other))
  return [
    `- trouble: ${listed(all)}`,
    `- workers crashed: ${crashes}; requests that went with them without a line: ${takenAlong}`,
    `- slowest recovery of a backend after its trouble: ${(slowestRecovery / 1000).toFixed(1)} s`,
    `- backends that the gateway found ill without a fault: ${unprovoked.join(', ') || 'none'}`,
    `- warnings in the log: ${listed([...log.warnings]) || 'none'}`
  ].join('\n')
}

/** Cases of what must not be, for whoever looks for the cause. @param most - Of a kind. */
export function caseLines(result: ChaosResult, most: number): string {
  const kinds = Map.groupBy(result.findings, ({ kind }: Finding) => kind)
  const cases = [...kinds].flatMap(([kind, found]) =>
    found.slice(0, most).map(({ detail }) => `${kind}: ${detail}`)
  )
  const odd = result.log.odd.slice(0, most).map((line) => `odd: ${line.slice(0, 1_000)}`)
  const restless = result.restless.slice(0, most).map((line) => `restless: ${line}`)
  return [...cases, ...odd, ...restless].join('\n')
}

function isProblem(status: number): (outcome: Outcome) => boolean {
  return (outcome) => outcome.ending === 'complete' && outcome.status === status
}

function listed(counts: readonly (readonly [string, number])[]): string {
  return counts.map(([name, count]) => `${name} ${count}`).join(', ')
}
