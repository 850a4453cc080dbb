import { median, percentile } from '../support/statistics.ts'
import type { ClientsReport } from './clients.ts'
import type { CourseReport } from './course.ts'
import { CLASSES, MEASURED, type MeasuredName, OUTCOMES, type Phase, USEFUL } from './scenario.ts'

/** Two percentiles, in milliseconds; undefined where there was nothing to measure. */
export interface Latency {
  readonly p50: number | undefined
  readonly p99: number | undefined
}

/** What became of the requests of one class that were due in a phase. */
export interface ClassFigures {
  readonly offered: number
  /** Shares of them, 0 to 1. */
  readonly shed: number
  readonly failed: number
  /** Of those that were served. */
  readonly latency: Latency
}

/** One phase. Requests belong to that in which they were due, goodput to that in which it was had. */
export interface PhaseFigures {
  /** Requests due per second. */
  readonly offered: number
  /** Whole responses of status 200 within {@link USEFUL}, per second. */
  readonly goodput: number
  /** By place in `CLASSES`. */
  readonly classes: readonly ClassFigures[]
  readonly all: ClassFigures
  /** Of the 503s, at the clients. */
  readonly shedLatency: Latency
  /** Of the 503s, at the gateway: from the end of the head to the end of the answer. */
  readonly refusal: Latency
  /** How late the clients themselves were, 99th percentile, in milliseconds. */
  readonly lag: number
  /** The limit at its end; undefined = not told. */
  readonly limit: number | undefined
}

/** One proxy's course. */
export interface Measurement {
  readonly phases: Readonly<Record<MeasuredName, PhaseFigures>>
  /** MiB in the second and in the last fifth of the overload. */
  readonly memory: { readonly early: number; readonly late: number }
  /** Milliseconds from the end of the overload until all was plain; undefined = it never was. */
  readonly recovery: number | undefined
  readonly failures: Readonly<Record<string, number>>
}

/** So many times the unloaded p99 is still plain. */
const PLAIN = 2
/** Steps in which the moment of recovery is looked for, and what must be seen of it, in milliseconds. */
const STEP = 100
const SHORTEST = 1_000

/** Works out the figures of a course through these phases. */
export function measurementOf(report: CourseReport, phases: readonly Phase[]): Measurement {
  const spans = spansOf(phases)
  const spanOf = (name: MeasuredName): Span => spans.get(name)!
  const figures = Object.fromEntries(
    MEASURED.map((name) => [name, phaseFigures(report, spanOf(name))])
  ) as Record<MeasuredName, PhaseFigures>
  const { from, until } = spanOf('overload')
  const fifth = (until - from) / 5
  const plain = PLAIN * (figures.unloaded.all.latency.p99 ?? 0)
  return {
    phases: figures,
    memory: {
      early: memoryIn(report, { from: from + fifth, until: from + 2 * fifth }),
      late: memoryIn(report, { from: until - fifth, until })
    },
    recovery: recoveryIn(report.clients, spanOf('recovery'), plain),
    failures: report.clients.failures
  }
}

/** Useful responses per second in each of these stretches. */
export function goodputs(clients: ClientsReport, phases: readonly Pick<Phase, 'seconds'>[]): number[] {
  let from = 0
  return phases.map(({ seconds }) => {
    const span = { from, until: from + seconds * 1000 }
    from = span.until
    return goodputIn(clients, span)
  })
}

/** Milliseconds from the start, the end not included. */
interface Span {
  readonly from: number
  readonly until: number
}

const [SERVED, SHED, FAILED] = [
  OUTCOMES.indexOf('served'),
  OUTCOMES.indexOf('shed'),
  OUTCOMES.indexOf('failed')
]

function spansOf(phases: readonly Phase[]): Map<string, Span> {
  let from = 0
  return new Map(
    phases.map(({ name, seconds }) => {
      const span = { from, until: from + seconds * 1000 }
      from = span.until
      return [name, span]
    })
  )
}

function isIn({ from, until }: Span, at: number): boolean {
  return at >= from && at < until
}

/** Places of the requests that were due then. */
function dueIn({ dues }: ClientsReport, span: Span): number[] {
  return [...dues.keys()].filter((index) => isIn(span, dues[index]!))
}

function phaseFigures({ clients, refusals, samples }: CourseReport, span: Span): PhaseFigures {
  const due = dueIn(clients, span)
  const shed = due.filter((index) => clients.outcomes[index] === SHED)
  const seconds = (span.until - span.from) / 1000
  const limits = samples.filter(({ at, limit }) => limit !== undefined && isIn(span, at))
  return {
    offered: due.length / seconds,
    goodput: goodputIn(clients, span),
    classes: CLASSES.map((_, kind) =>
      classFigures(
        clients,
        due.filter((index) => clients.kinds[index] === kind)
      )
    ),
    all: classFigures(clients, due),
    shedLatency: latencyOf(shed.map((index) => clients.latencies[index]!)),
    refusal: latencyOf(refusals.filter(({ at }) => isIn(span, at)).map(({ totalTime }) => totalTime)),
    lag: percentile(
      due.map((index) => clients.lags[index]!),
      0.99
    ),
    limit: limits.at(-1)?.limit
  }
}

function classFigures({ outcomes, latencies }: ClientsReport, due: readonly number[]): ClassFigures {
  const those = (outcome: number): number[] => due.filter((index) => outcomes[index] === outcome)
  return {
    offered: due.length,
    shed: those(SHED).length / due.length,
    failed: those(FAILED).length / due.length,
    latency: latencyOf(those(SERVED).map((index) => latencies[index]!))
  }
}

function goodputIn({ dues, latencies, outcomes }: ClientsReport, span: Span): number {
  const useful = dues.filter(
    (due, index) =>
      outcomes[index] === SERVED && latencies[index]! <= USEFUL && isIn(span, due + latencies[index]!)
  )
  return (useful.length * 1000) / (span.until - span.from)
}

function latencyOf(latencies: readonly number[]): Latency {
  if (latencies.length === 0) return { p50: undefined, p99: undefined }
  return { p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99) }
}

function memoryIn({ samples }: CourseReport, span: Span): number {
  return median(samples.filter(({ at }) => isIn(span, at)).map(({ memory }) => memory))
}

/**
 * When all became plain: of what was due from then on, all was served, and 99 % of it within so many milliseconds. What was
 * due before the load fell is the overload's.
 */
function recoveryIn(clients: ClientsReport, { from, until }: Span, plain: number): number | undefined {
  for (let after = 0; from + after <= until - SHORTEST; after += STEP) {
    const due = dueIn(clients, { from: from + after, until })
    const areServed = due.every((index) => clients.outcomes[index] === SERVED)
    const latencies = due.map((index) => clients.latencies[index]!)
    if (areServed && percentile(latencies, 0.99) <= plain) return after
  }
  return undefined
}
