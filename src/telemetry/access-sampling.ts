import type { AccessLogConfig } from '../config/types.ts'

/** What decides whether a request has a line. */
export interface SampledRequest {
  readonly status: number
  /** Milliseconds. */
  readonly totalTime: number
  /** Why it did not go well. */
  readonly reason?: string | undefined
  /** Name of a rate limit that only reports. */
  readonly dryRunLimit?: string | undefined
}

/**
 * Makes the choice of the requests that have a line in the access log: all that did not go well, or were slow, and a
 * share of the others. Chance decides, not the ids of a request: these a client may choose.
 *
 * @param random - 0 to 1.
 * @returns The share that a request stands for: 1 when it has a line anyway; undefined when it has none.
 */
export function accessSampling(
  { sample, slow }: AccessLogConfig,
  random: () => number = Math.random
): (request: SampledRequest) => number | undefined {
  return ({ status, totalTime, reason, dryRunLimit }) => {
    const isPlain = status < 400 && reason === undefined && dryRunLimit === undefined
    if (!isPlain || (slow > 0 && totalTime >= slow) || sample === 1) return 1
    return random() < sample ? sample : undefined
  }
}
