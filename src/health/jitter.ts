/** The longest delay in milliseconds that Node's timers keep; a longer one would fire at once. */
export const LONGEST_TIMER = 2 ** 31 - 1

/**
 * A factor of 0.9 to 1.1 for one wait between two probes, so that the probes of many backends and many
 * gateways drift apart instead of arriving in step.
 *
 * @param random - 0 inclusive to 1 exclusive, as of `Math.random`.
 */
export function jitterFactor(random: number): number {
  return 0.9 + 0.2 * random
}

/** Milliseconds, whole, between the starts of two probes. */
export function jittered(interval: number, factor: number): number {
  return Math.min(Math.round(interval * factor), LONGEST_TIMER)
}
