import { cpuRatio, measurementsOf } from './figures.ts'
import type { Results } from './rounds.ts'

/** How ours has to compare. */
interface RatioGoal {
  readonly load: string
  readonly other: string
  readonly what: string
  /** Largest ratio of CPU time per request that is accepted; undefined = only an aim. */
  readonly must?: number
  /** What is worth having. */
  readonly aim?: number
}

const RATIOS: readonly RatioGoal[] = [
  { load: 'get1k', other: 'stock', what: 'GET 1 KB ÷ @fastify/http-proxy', must: 0.75, aim: 0.6 },
  { load: 'get1k', other: 'caddy', what: 'GET 1 KB ÷ Caddy', must: 0.9, aim: 0.7 },
  { load: 'get1k', other: 'nginx', what: 'GET 1 KB ÷ nginx', aim: 2 },
  { load: 'get1m', other: 'stock', what: 'GET 1 MiB ÷ @fastify/http-proxy', must: 0.9 },
  { load: 'get1m', other: 'nginx', what: 'GET 1 MiB ÷ nginx', aim: 1.5 },
  { load: 'post16k', other: 'stock', what: 'POST 16 KiB ÷ @fastify/http-proxy', must: 0.65 }
]

/** One goal and what became of it. */
export interface Verdict {
  readonly what: string
  readonly seen: number
  readonly must: number | undefined
  readonly aim: number | undefined
}

/** The goals of the first tables, as far as they were measured. */
export function judgeLoads(results: Results): Verdict[] {
  return RATIOS.flatMap(({ load, other, what, must, aim }) => {
    const ours = measurementsOf(results, 'ours', load)
    const theirs = measurementsOf(results, other, load)
    if (ours.length === 0 || theirs.length === 0) return []
    return [{ what, seen: cpuRatio(ours, theirs), must, aim }]
  })
}

/** One access log line, in microseconds. */
export function judgeLine(seen: number): Verdict {
  return { what: 'one access log line, µs', seen, must: undefined, aim: 6 }
}

/** Many routes and many backends, as multiples of few. */
export function judgeSize(cost: { readonly routes: number; readonly backends: number }): Verdict[] {
  return [
    { what: '1,000 routes ÷ 1', seen: cost.routes, must: 1.1, aim: undefined },
    { what: '1,000 backends ÷ 3', seen: cost.backends, must: 1.1, aim: undefined }
  ]
}

/** Whether nothing that must be is missed. */
export function holds({ seen, must }: Verdict): boolean {
  return must === undefined || seen <= must
}

/** One line for each. */
export function verdictLines(verdicts: readonly Verdict[]): string {
  return verdicts
    .map((verdict) => {
      const { what, seen, must, aim } = verdict
      const parts = [
        must !== undefined && `${holds(verdict) ? 'holds' : 'FAILS'}: at most ${must}`,
        aim !== undefined && `aim of ${aim} ${seen <= aim ? 'reached' : 'not reached'}`
      ]
      return `- ${what}: ${seen.toFixed(2)} (${parts.filter(Boolean).join('; ')})`
    })
    .join('\n')
}
