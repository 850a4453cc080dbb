import { formatPath, type Path } from './path.ts'

interface Place {
  readonly key: number
  readonly value: number
}

/** Where the values of a document stand in its file: path → line. Filled by the parser, then read only. */
export class SourceMap {
  readonly #places = new Map<string, Place>()

  /**
   * @param path - Of the value.
   * @param value - Line of the value, starting at 1.
   * @param key - Line of its key; of an item in a list, where the item starts.
   */
  add(path: Path, value: number, key: number): void {
    this.#places.set(formatPath(path), { key, value })
  }

  /** Whether something is written at a path. */
  has(path: Path): boolean {
    return this.#places.has(formatPath(path))
  }

  /**
   * The line of the value (or of its key) at a path. What isn't in the file, because it is missing or a default,
   * stands where the nearest thing around it starts.
   */
  lineOf(path: Path, at: 'key' | 'value' = 'value'): number {
    for (let length = path.length; length >= 0; length--) {
      const place = this.#places.get(formatPath(path.slice(0, length)))
      if (place) return length === path.length ? place[at] : place.key
    }
    return 1
  }
}
