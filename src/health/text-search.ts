/**
 * Looks for a text in the first bytes of a stream, wherever the chunks end. Keeps no more than the text's own
 * length of what went by.
 */
export class TextSearch {
  readonly #text: Buffer
  #left: number
  #tail: Buffer = Buffer.alloc(0)

  /**
   * @param text - Compared as UTF-8 bytes, case and all.
   * @param limit - Bytes of the stream that are looked at; the text must end within them.
   */
  constructor(text: string, limit: number) {
    this.#text = Buffer.from(text)
    this.#left = limit
  }

  /** Takes the next chunk: whether the text is there, may still come, or can't any more. */
  push(chunk: Buffer): 'found' | 'more' | 'exhausted' {
    const seen = Buffer.concat([this.#tail, chunk.subarray(0, this.#left)])
    if (seen.includes(this.#text)) return 'found'
    this.#left -= Math.min(chunk.length, this.#left)
    if (this.#left === 0) return 'exhausted'
    this.#tail = seen.subarray(Math.max(0, seen.length - this.#text.length + 1))
    return 'more'
  }
}
