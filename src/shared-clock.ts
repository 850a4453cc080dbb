/*
 * A clock that all threads of a process share. `performance.now()` counts from its own thread's start; the system's
 * monotonic clock, which `process.hrtime` reads, does not, and no step of the wall clock moves it.
 */
const [seconds, nanoseconds] = process.hrtime()
const OFFSET = seconds * 1000 + nanoseconds / 1e6 - performance.now()

/** Milliseconds since some moment, the same in all threads; never goes back. */
export function sharedNow(): number {
  return performance.now() + OFFSET
}

/**
 * A moment of {@link sharedNow} as a word of shared memory: a 32-bit integer that wraps every 49 days and is never 0.
 * Two of them are `(later - earlier) | 0` milliseconds apart, as long as that is less than 24 days.
 */
export function stamp(now: number): number {
  return Math.floor(now) | 0 || 1
}
