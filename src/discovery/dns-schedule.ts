import type { Doubt } from './known-records.ts'

/** When the next look is due; all in milliseconds. */
export interface DnsTiming {
  /** Bounds of a TTL that is followed. */
  readonly minTtl: number
  readonly maxTtl: number
  /** Bounds of the wait after failures. */
  readonly minRetry: number
  readonly maxRetry: number
}

/** What a look was like. */
export interface LookOutcome {
  /** For how long the answer is good, in milliseconds; absent = it does not say. */
  readonly ttl?: number | undefined
  readonly doubt?: Doubt | undefined
  /** Looks in a row that ended in doubt, this one included. */
  readonly doubts: number
}

/** Waits differ by so much of themselves, so that gateways that were started at once do not ask at once. */
const JITTER = 0.1

/**
 * Milliseconds from the end of a look to the next: its TTL within bounds and not above `refresh`; in doubt sooner, at
 * first after `minRetry`, then after twice the last wait, and just when missing records will be believed to be missing.
 *
 * @param refresh - Milliseconds; absent = whatever the TTL says.
 * @param random - From 0 up to 1.
 */
export function nextLook(
  { ttl, doubt, doubts }: LookOutcome,
  refresh: number | undefined,
  timing: DnsTiming,
  now: number,
  random: number
): number {
  const { minTtl, maxTtl, minRetry, maxRetry } = timing
  const good = Math.min(Math.max(ttl ?? maxTtl, minTtl), maxTtl, refresh ?? Infinity)
  const spread = 1 + JITTER * (2 * random - 1)
  if (!doubt) return good * spread
  const backoff = Math.min(minRetry * 2 ** (doubts - 1), maxRetry)
  const wait = (ttl === undefined ? backoff : Math.min(backoff, good)) * spread
  // Not before: the look would be in vain.
  return doubt.until === undefined ? wait : Math.min(wait, Math.max(doubt.until - now, minRetry))
}
