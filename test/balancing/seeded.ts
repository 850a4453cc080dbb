/**
 * Repeatable chance for tests: mulberry32 by Tommy Ettinger.
 *
 * @returns A function like `Math.random`.
 */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let word = Math.imul(state ^ (state >>> 15), state | 1)
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61)
    return ((word ^ (word >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A whole number from `least` to `most`, both included. */
export function between(random: () => number, least: number, most: number): number {
  return least + Math.floor(random() * (most - least + 1))
}

/** One of these. */
export function oneOf<T>(random: () => number, items: readonly T[]): T {
  return items[between(random, 0, items.length - 1)]!
}
