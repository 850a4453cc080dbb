import { median } from './statistics.ts'

/** Something to measure; does it so many times. */
export type Work = (times: number) => void

/** What one time of it costs, in nanoseconds. */
export interface Cost {
  readonly median: number
  readonly fastest: number
}

const ROUNDS = 15
/** How long one timing should take, in milliseconds. */
const TIMING = 20

/** Times pieces of work in turns, so that what disturbs the machine disturbs them all. */
export function timeInTurns(
  work: ReadonlyMap<string, Work>,
  { rounds = ROUNDS, timing = TIMING }: { rounds?: number; timing?: number } = {}
): Map<string, Cost> {
  const samples = new Map(
    [...work].map(([name, run]) => [name, { run, times: timesOf(run, timing), costs: [] as number[] }])
  )
  for (let round = 0; round < rounds; round++) {
    for (const { run, times, costs } of samples.values()) costs.push((1e6 * elapsed(run, times)) / times)
  }
  return new Map(
    [...samples].map(([name, { costs }]) => [name, { median: median(costs), fastest: Math.min(...costs) }])
  )
}

/** How often to do it for one timing, found once it is compiled. */
function timesOf(run: Work, timing: number): number {
  let times = 16
  while (elapsed(run, times) < timing) times *= 2
  return times
}

function elapsed(run: Work, times: number): number {
  const start = performance.now()
  run(times)
  return performance.now() - start
}
