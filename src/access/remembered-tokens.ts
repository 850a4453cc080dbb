/** Tokens of one generation. */
const SIZE = 500

interface Remembered {
  readonly consumer: string
  /** Milliseconds since the epoch. */
  readonly until: number
}

/**
 * Tokens that were found good, so that a client's second request costs no signature. Two generations of {@link SIZE}: when
 * the younger is full it becomes the older, whose tokens were not seen for as long as that took or come over again.
 */
export class RememberedTokens {
  #young = new Map<string, Remembered>()
  #old = new Map<string, Remembered>()

  /** Whose token it is; undefined when it is not remembered, or has expired. @param now - Milliseconds since the epoch. */
  get(token: string, now: number): string | undefined {
    const young = this.#young.get(token)
    const found = young ?? this.#old.get(token)
    // One that has expired must not take the place of one that has not.
    if (!found || now >= found.until) return undefined
    if (!young) this.add(token, found.consumer, found.until)
    return found.consumer
  }

  /** @param until - When it expires, in milliseconds since the epoch. */
  add(token: string, consumer: string, until: number): void {
    if (this.#young.size >= SIZE) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(token, { consumer, until })
  }

  clear(): void {
    this.#young.clear()
    this.#old.clear()
  }
}
