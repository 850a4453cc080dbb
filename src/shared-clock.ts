/*
 * A clock that all threads of a process share. `performance.now()` counts from its own thread's start; the system's
 * monotonic clock, which `process.hrtime` reads, does not, and no step of the wall clock moves it.
 */
const OFFSET = Math.max(...Array.from({ length: 20 }, readOffset))

/** Whoever is set aside between the two looks finds too small a one: of several, the largest is right. */
function readOffset(): number {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * 1000 + nanoseconds / 1e6 - performance.now()
}

/** Milliseconds since some moment, the same in all threads; never goes back. */
export function sharedNow(): number {
  return performance.now() + OFFSET
}

/**
 * A moment of {@link sharedNow} as a word of shared memory: a 32-bit integer that wraps every 49 days and is never 0.
 * {@link ageOf} says how old it is.
 */
export function stamp(now: number): number {
  return Math.floor(now) | 0 || 1
}

/** The clocks of two threads may differ by a hair, so that a stamp seems to be of a moment to come. Milliseconds. */
const CLOCK_SKEW = 1000

/** The largest age. */
const OLD = 2 ** 31 - 1

/**
 * Milliseconds since a stamp, as long as that is less than 24 days; beyond them it is just old, up to the 49 days after
 * which stamps come again.
 *
 * @param now - A stamp too.
 */
export function ageOf(at: number, now: number): number {
  const age = (now - at) | 0
  return age < -CLOCK_SKEW ? OLD : Math.max(0, age)
}
