/** How often a thread shows that its loop runs, in milliseconds. */
const INTERVAL = 100

/** Makes the words that threads increment, one per row. */
export function createHeartbeats(rows: number): SharedArrayBuffer {
  return new SharedArrayBuffer(4 * rows)
}

/** Increments this thread's word, at once and for as long as its loop runs. @returns Stops it. */
export function beat(heartbeats: SharedArrayBuffer, row: number): () => void {
  const words = new Int32Array(heartbeats)
  // It is watched from its first beat on: one that stands still before the timer fires would never be missed.
  Atomics.add(words, row, 1)
  const timer = setInterval(() => Atomics.add(words, row, 1), INTERVAL)
  timer.unref()
  return () => clearInterval(timer)
}

/** Notices threads whose loop stands still. */
export class StallWatch {
  readonly #words: Int32Array
  readonly #seen: { word: number; since: number }[]
  readonly #timeout: number

  /**
   * @param timeout - Milliseconds without a beat that make a stall.
   */
  constructor(heartbeats: SharedArrayBuffer, timeout: number) {
    this.#words = new Int32Array(heartbeats)
    this.#timeout = timeout
    this.#seen = Array.from(this.#words, (word) => ({ word, since: Infinity }))
  }

  /** A row's thread has just been made: it is watched from its first beat on, however long it takes to load. */
  reset(row: number): void {
    this.#seen[row] = { word: Atomics.load(this.#words, row), since: Infinity }
  }

  /**
   * The rows whose threads have not beaten for the timeout.
   *
   * @param now - Milliseconds of any steady clock.
   */
  stalled(now: number): number[] {
    return this.#seen.flatMap((seen, row) => {
      const word = Atomics.load(this.#words, row)
      if (word !== seen.word) this.#seen[row] = { word, since: now }
      return word === seen.word && now - seen.since >= this.#timeout ? [row] : []
    })
  }
}
