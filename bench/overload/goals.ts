import type { Measurement } from './figures.ts'
import { CLASSES } from './scenario.ts'

/** One must and what became of it. */
export interface Verdict {
  readonly what: string
  /** As it is printed; undefined = could not be seen. */
  readonly seen: number | undefined
  readonly unit: string
  readonly digits: number
  readonly bound: { readonly atLeast: number } | { readonly atMost: number } | { readonly below: number }
}

const CRITICAL = CLASSES.indexOf('critical')

/** The musts. @param peak - The most that the backends can do, in useful responses per second. */
export function judge({ phases, memory, recovery }: Measurement, peak: number): Verdict[] {
  const { unloaded, overload } = phases
  const critical = overload.classes[CRITICAL]!.latency.p99
  const usual = unloaded.all.latency.p99
  return [
    {
      what: 'goodput at 3 × capacity ÷ peak',
      seen: overload.goodput / peak,
      unit: '',
      digits: 3,
      bound: { atLeast: 0.9 }
    },
    {
      what: 'p99 of admitted critical ones at 3 × capacity ÷ unloaded p99',
      seen: critical === undefined || usual === undefined ? undefined : critical / usual,
      unit: '',
      digits: 2,
      bound: { atMost: 2 }
    },
    {
      what: 'resident memory, growth during the overload',
      seen: (100 * (memory.late - memory.early)) / memory.early,
      unit: ' %',
      digits: 1,
      bound: { below: 10 }
    },
    {
      what: 'recovery',
      seen: recovery === undefined ? undefined : recovery / 1000,
      unit: ' s',
      digits: 1,
      bound: { atMost: 5 }
    },
    {
      what: 'a 503 after the head, at the gateway, p99',
      seen: overload.refusal.p99,
      unit: ' ms',
      digits: 2,
      bound: { atMost: 1 }
    }
  ]
}

/** Whether a must is reached. */
export function holds({ seen, digits, bound }: Verdict): boolean {
  if (seen === undefined) return false
  // As it is printed, so that the line does not contradict itself.
  const value = Number(seen.toFixed(digits))
  if ('atLeast' in bound) return value >= bound.atLeast
  return 'atMost' in bound ? value <= bound.atMost : value < bound.below
}

/** One line for each. */
export function verdictLines(verdicts: readonly Verdict[]): string {
  return verdicts
    .map((verdict) => {
      const { what, seen, unit, digits, bound } = verdict
      const value = seen === undefined ? 'not seen' : `${seen.toFixed(digits)}${unit}`
      const [[word, limit] = ['', 0]] = Object.entries(bound)
      const wanted = `${WORDS[word]} ${limit}${unit}`
      return `- ${what}: ${value} (${holds(verdict) ? 'holds' : 'FAILS'}: ${wanted})`
    })
    .join('\n')
}

const WORDS: Readonly<Record<string, string>> = { atLeast: 'at least', atMost: 'at most', below: 'below' }
