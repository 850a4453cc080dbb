/**
 * A `Math.random` that allocates nothing, as V8's makes an object of every number: mulberry32 by Tommy Ettinger. Good
 * for choices among backends, not for secrets.
 *
 * @param seed - A 32-bit integer.
 * @returns A function of numbers from 0 inclusive to 1 exclusive.
 * @see https://gist.github.com/tommyettinger/46a874533244883189143505d203312c
 */
export function quickRandom(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let word = Math.imul(state ^ (state >>> 15), state | 1)
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61)
    return ((word ^ (word >>> 14)) >>> 0) / 2 ** 32
  }
}
