import { OURS, OURS_SHARED, THEIRS } from './contestants.ts'
import type { Results } from './rounds.ts'
import { ratioOf } from './tables.ts'

/** How one contestant is to compare with another. */
interface Aim {
  readonly scenario: string
  readonly what: string
  readonly figure: 'p50' | 'p99'
  readonly one: string
  readonly other: string
  /** The largest ratio that is good. */
  readonly atMost: number
}

const AIMS: readonly Aim[] = ['fixed', 'moving'].flatMap((scenario) => [
  {
    scenario,
    what: 'p99 of least-latency ÷ HAProxy leastconn',
    figure: 'p99',
    one: OURS,
    other: THEIRS,
    atMost: scenario === 'fixed' ? 0.45 : 0.65
  },
  {
    scenario,
    what: 'p50 of least-latency ÷ HAProxy leastconn',
    figure: 'p50',
    one: OURS,
    other: THEIRS,
    atMost: 1
  },
  {
    scenario,
    what: 'p99 of least-latency with 2 workers ÷ with 1',
    figure: 'p99',
    one: OURS_SHARED,
    other: OURS,
    atMost: 1.15
  }
])

/** One line for each aim of which both sides were measured. */
export function aimLines(results: Results): string {
  return AIMS.flatMap(({ scenario, what, figure, one, other, atMost }) => {
    const [ours, theirs] = [one, other].map((name) => results.get(scenario)?.get(name))
    if (ours === undefined || theirs === undefined) return []
    const seen = ratioOf(figure, ours, theirs)
    // As it is printed, so that the line does not contradict itself.
    const holds = Number(seen.toFixed(2)) <= atMost
    return [
      `- ${scenario}, ${what}: ${seen.toFixed(2)} (${holds ? 'holds' : 'not reached'}: at most ${atMost})`
    ]
  }).join('\n')
}
