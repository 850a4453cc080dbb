import type { Contestant } from './contestants.ts'
import type { Course } from './course.ts'
import { goodputs } from './figures.ts'

/** Loads that are tried, as multiples of the capacity: above it, lines are there but not yet long. */
const TRIED = [0.9, 1, 1.1]
/** Load and seconds before each, in which the lines of the one before empty. */
const PAUSE = { load: 0.5, seconds: 2 }

/** Useful responses per second by load, as a multiple of the capacity. */
export type Sweep = readonly (readonly [load: number, goodput: number])[]

/**
 * Looks for the most that the backends can do, through a proxy that sheds nothing.
 *
 * @param seconds - For each load.
 */
export async function sweepPeak(
  course: Course,
  contestant: Contestant,
  seconds: number,
  seed: number
): Promise<Sweep> {
  const phases = TRIED.flatMap((load) => [PAUSE, { load, seconds }])
  const { clients } = await course.run(contestant, phases, seed)
  const seen = goodputs(clients, phases)
  return TRIED.map((load, index) => [load, seen[2 * index + 1]!] as const)
}

/** The most of it. */
export function peakOf(sweep: Sweep): number {
  return Math.max(...sweep.map(([, goodput]) => goodput))
}
