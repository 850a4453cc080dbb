import { median } from '../support/statistics.ts'
import type { SoakSample } from './soak-samples.ts'

/** A minute of a run, medians of its samples. */
export interface Minute {
  /** From 1. */
  readonly number: number
  readonly perSecond: number
  /** MiB. */
  readonly memory: number
  readonly heap: number
  readonly handles: number
  /** Those that are no connection: listeners, timers of the loop, files. */
  readonly otherHandles: number
  readonly threads: number
  /** Milliseconds. */
  readonly delay: number
}

const MINUTE = 60_000

/** Divides samples into the minutes of a run; the last one may be shorter. */
export function minutesOf(samples: readonly SoakSample[]): Minute[] {
  const start = samples[0]?.at ?? 0
  const parts = Map.groupBy(samples, ({ at }) => Math.floor((at - start) / MINUTE))
  return [...parts]
    .filter(([, part]) => part.length > 1)
    .map(([index, part]) => {
      const of = (value: (sample: SoakSample) => number): number => median(part.map(value))
      const [first, last] = [part[0]!, part.at(-1)!]
      return {
        number: index + 1,
        perSecond: (1000 * (last.requests - first.requests)) / (last.at - first.at),
        memory: of(({ memory }) => memory),
        heap: of(({ heap }) => heap),
        handles: of(({ handles }) => handles),
        otherHandles: of(({ handles, connections }) => handles - connections),
        threads: of(({ threads }) => threads),
        delay: of(({ delay }) => delay)
      }
    })
}
