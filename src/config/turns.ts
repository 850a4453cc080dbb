import { setImmediate as nextTurn } from 'node:timers/promises'

/** How long work may keep the event loop from its other work, in milliseconds. */
const SLICE = 3

/** Runs work that yields wherever it may pause, in slices, so that it does not stall the traffic of its thread. */
export async function inTurns<T>(work: Generator<void, T>): Promise<T> {
  for (;;) {
    const end = performance.now() + SLICE
    do {
      const { done, value } = work.next()
      if (done) return value
    } while (performance.now() < end)
    await nextTurn()
  }
}

/** Runs the same work in one go. */
export function atOnce<T>(work: Generator<void, T>): T {
  for (;;) {
    const { done, value } = work.next()
    if (done) return value
  }
}
