/** Time constant of the average, in milliseconds. */
const TAU = 1_000
/** A sample that is so many times the average is a peak. */
const PEAK = 8
/** How much time a sample that is no peak has to stand for, in milliseconds. */
const LEAST_ELAPSED = 16
/** What a failure counts as where nothing was known, in microseconds. */
const FIRST_FAILURE = 1_000_000
/** What no number of failures passes, in microseconds. */
const MOST_BY_FAILURES = 60_000_000
/** Largest value of a shared word. */
const MOST = 2 ** 31 - 1

/** How long a value that nobody renews is believed, in milliseconds: see {@link shareBelieved}. */
const BELIEVED = 2_500
/** Milliseconds of one entry of {@link SHARES}, as a power of two. */
const STEP_BITS = 6
/** `exp(-(age / BELIEVED)²)` by age, up to 8 s: looked up, since a pick asks for every candidate. */
const SHARES = Float64Array.from({ length: 128 }, (_, step) =>
  Math.exp(-(((step << STEP_BITS) / BELIEVED) ** 2))
)

/**
 * A moving average that takes a peak at once: peak EWMA, as Finagle has it, but for what a peak is. There every slower
 * sample is one; with service times that vary, a well backend then looks as dear as one lucky sample of a slow one. Here
 * it takes eight times the average. The weight of any other sample goes by the time that it stands for, so the average
 * does not depend on the rate of requests.
 *
 * The constants of this file are those that did best, over all, in `bench/tail` and in the simulation of
 * test/balancing/tail.ts.
 *
 * @param before - Microseconds; 0 = nothing is known.
 * @param sample - Microseconds.
 * @param elapsed - Milliseconds since `before` was written.
 * @returns Microseconds, an integer of at least 1.
 * @see https://github.com/twitter/finagle/blob/develop/finagle-core/src/main/scala/com/twitter/finagle/loadbalancer/PeakEwma.scala
 */
export function decayedPeak(before: number, sample: number, elapsed: number): number {
  const kept = before === 0 || isPeak(before, sample) ? 0 : Math.exp(-Math.max(0, elapsed) / TAU)
  return Math.min(MOST, Math.max(1, Math.round(before * kept + sample * (1 - kept))))
}

/**
 * Whether a sample is to be taken into the average. Of those that are no peak some dozens in a second are enough: more
 * would cost writes to memory that all threads read, and their steps would be lost in rounding to whole microseconds.
 *
 * @param before - Microseconds; 0 = nothing is known.
 * @param sample - Microseconds.
 * @param elapsed - Milliseconds since `before` was written.
 */
export function isWorthLearning(before: number, sample: number, elapsed: number): boolean {
  return before === 0 || isPeak(before, sample) || elapsed >= LEAST_ELAPSED
}

function isPeak(before: number, sample: number): boolean {
  return sample >= PEAK * before
}

/**
 * What a failure makes of the average: twice of it. One that refuses every connection, quick as it may be, is left to a
 * request every few seconds after some failures. A failure never makes anybody look faster, and what failures alone can
 * do ends at a minute.
 *
 * @param before - Microseconds; 0 = nothing is known.
 * @returns Microseconds, an integer of at least 1.
 */
export function raisedByFailure(before: number): number {
  if (before === 0) return FIRST_FAILURE
  return Math.max(before, Math.min(MOST_BY_FAILURES, before * 2))
}

/**
 * What the first success after failures makes of it: half of it, so that a failure now and then counts only until the
 * next success, at whatever rate requests come; several in a row go on to count.
 *
 * @param before - Microseconds.
 * @returns Microseconds, an integer of at least 1.
 */
export function loweredBySuccess(before: number): number {
  return Math.max(1, before >>> 1)
}

/**
 * How far a value is still believed that was written so long ago, 1 to 0. It is a bell and no exponential: one that was
 * slow rests for some seconds, then it is tried again soon, however slow it was. A request to it each time costs the
 * tail less than trying it a little all the time.
 *
 * @param age - Milliseconds; below 0 when another thread wrote it just now.
 */
export function shareBelieved(age: number): number {
  return age <= 0 ? 1 : (SHARES[age >> STEP_BITS] ?? 0)
}
