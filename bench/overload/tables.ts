import { markdownTable } from '../support/markdown.ts'
import type { Contestant } from './contestants.ts'
import type { Measurement } from './figures.ts'
import { CLASSES, MEASURED, type MeasuredName, type Phase } from './scenario.ts'

/** Measurements by contestant's name. */
export type Results = ReadonlyMap<string, Measurement>

/** How late clients may be (p99, in milliseconds) before a course counts as disturbed by something else. */
const LATE = 5

/** A table for each phase that is measured, all contestants side by side, and one for what is seen over all of them. */
export function overloadTables(
  contestants: readonly Contestant[],
  phases: readonly Phase[],
  results: Results,
  peak: number
): string {
  const ofPhases = MEASURED.map((name) => {
    const { title } = phases.find((phase) => phase.name === name)!
    return `### ${title}\n\n${phaseTable(contestants, name, results, peak)}`
  })
  const whole = `### Memory, limit, recovery\n\n${courseTable(contestants, results)}`
  return [...ofPhases, whole].join('\n\n')
}

/** How late the clients were with each contestant, as a sentence: their part of every latency. */
export function lateness(contestants: readonly Contestant[], results: Results): string {
  const each = contestants.map(({ name, title }) => {
    const lags = Object.values(results.get(name)!.phases).map(({ lag }) => lag)
    return `${Math.max(...lags).toFixed(1)} ms (${title})`
  })
  return [
    `The clients themselves were late, p99 of the phase in which they were most: ${each.join('; ')}.`,
    `Above ${LATE} ms, something else had the machine, and the figures don't count.`
  ].join('\n')
}

/** What failed, a line for each contestant of which something did. */
export function failureLines(contestants: readonly Contestant[], results: Results): string {
  return contestants
    .flatMap(({ name, title }) => {
      const failures = Object.entries(results.get(name)!.failures)
      if (failures.length === 0) return []
      return [`- failed, ${title}: ${failures.map(([what, count]) => `${what} ${whole(count)}`).join(', ')}`]
    })
    .join('\n')
}

function phaseTable(
  contestants: readonly Contestant[],
  phase: MeasuredName,
  results: Results,
  peak: number
): string {
  const head = [
    'ms from when a request was due',
    'offered/s',
    'goodput/s',
    '÷ peak',
    ...CLASSES.map((name) => `${name} p50 / p99`),
    `shed ${CLASSES.join(' / ')}`,
    '503 p50 / p99',
    'failed'
  ]
  const rows = contestants.map(({ name, title }) => {
    const { offered, goodput, classes, all, shedLatency } = results.get(name)!.phases[phase]
    return [
      title,
      whole(offered),
      whole(goodput),
      (goodput / peak).toFixed(2),
      ...classes.map(({ latency }) => `${ms(latency.p50)} / ${ms(latency.p99)}`),
      all.shed === 0 ? '0' : `${classes.map(({ shed }) => percent(shed)).join(' / ')} %`,
      all.shed === 0 ? '' : `${ms(shedLatency.p50)} / ${ms(shedLatency.p99)}`,
      all.failed === 0 ? '0' : `${percent(all.failed)} %`
    ]
  })
  return markdownTable([head, ...rows])
}

function courseTable(contestants: readonly Contestant[], results: Results): string {
  const head = [
    'proxy',
    'RSS MiB, early in the overload',
    'late',
    'recovery s',
    'limit after each phase',
    '503 at the gateway p50 / p99 ms'
  ]
  const rows = contestants.map(({ name, title }) => {
    const { memory, recovery, phases } = results.get(name)!
    const { refusal } = phases.overload
    const limits = MEASURED.map((phase) => phases[phase].limit)
    return [
      title,
      memory.early.toFixed(1),
      memory.late.toFixed(1),
      recovery === undefined ? 'never' : (recovery / 1000).toFixed(1),
      limits.every((limit) => limit === undefined)
        ? ''
        : limits.map((limit) => (limit === undefined ? '?' : Math.round(limit))).join(' / '),
      refusal.p50 === undefined ? '' : `${refusal.p50.toFixed(2)} / ${refusal.p99!.toFixed(2)}`
    ]
  })
  return markdownTable([head, ...rows])
}

function ms(value: number | undefined): string {
  if (value === undefined) return '–'
  return value < 100 ? value.toFixed(1) : whole(value)
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}

function percent(share: number): string {
  return (100 * share).toFixed(1)
}
