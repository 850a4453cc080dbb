/** What stands for all words that are not counted each. */
export const OTHER = '__other__'

/**
 * A fixed list of words that are counted each, and one place for all others: what is counted takes fixed memory, and the
 * labels of a metric stay few, whatever comes.
 */
export class CountedWords {
  /** {@link OTHER} is the last. */
  readonly words: readonly string[]
  readonly #places: ReadonlyMap<string, number>

  constructor(words: readonly string[]) {
    this.words = [...words, OTHER]
    this.#places = new Map(words.map((word, place) => [word, place]))
  }

  /** Counters that they take. */
  get size(): number {
    return this.words.length
  }

  placeOf(word: string): number {
    return this.#places.get(word) ?? this.words.length - 1
  }

  /** Counts by word, those that are 0 left out. @param read - The counter at a place. */
  read(read: (place: number) => number): (readonly [word: string, count: number])[] {
    return this.words.map((word, place) => [word, read(place)] as const).filter(([, count]) => count > 0)
  }
}
