/** A secret that keys are hashed with: two words of 32 bits, the same in all threads. */
export type HashSecret = readonly [number, number]

/**
 * HalfSipHash-2-4 with 64 bits of output (Aumasson and Bernstein): nobody who does not know the secret can find two keys
 * with one hash, or many keys for one bucket. Words are 32 bits, as JavaScript's integers are.
 *
 * The result stands in {@link lo} and {@link hi} until the next call: hashing allocates nothing.
 */
export class KeyHash {
  readonly #k0: number
  readonly #k1: number
  #v0 = 0
  #v1 = 0
  #v2 = 0
  #v3 = 0
  /** The hash's lower word. */
  lo = 0
  /** The hash's upper word. */
  hi = 0

  constructor([k0, k1]: HashSecret) {
    this.#k0 = k0
    this.#k1 = k1
  }

  /** Hashes a text: its bytes in Latin-1 where it has no others, as header fields don't, else in UTF-8. */
  of(text: string): void {
    let seen = 0
    for (let at = 0; at < text.length; at++) seen |= text.charCodeAt(at)
    this.#ofBytes(seen > 0xff ? Buffer.from(text, 'utf8').toString('latin1') : text)
  }

  #ofBytes(text: string): void {
    this.#v0 = this.#k0
    this.#v1 = this.#k1 ^ 0xee
    this.#v2 = 0x6c796765 ^ this.#k0
    this.#v3 = 0x74656462 ^ this.#k1
    const { length } = text
    const whole = length - (length % 4)
    for (let at = 0; at < whole; at += 4) {
      this.#take(
        text.charCodeAt(at) |
          (text.charCodeAt(at + 1) << 8) |
          (text.charCodeAt(at + 2) << 16) |
          (text.charCodeAt(at + 3) << 24)
      )
    }
    let last = (length & 0xff) << 24
    for (let at = length - 1; at >= whole; at--) last |= text.charCodeAt(at) << (8 * (at - whole))
    this.#take(last)
    this.#v2 ^= 0xee
    this.#rounds(4)
    this.lo = this.#v1 ^ this.#v3
    this.#v1 ^= 0xdd
    this.#rounds(4)
    this.hi = this.#v1 ^ this.#v3
  }

  #take(word: number): void {
    this.#v3 ^= word
    this.#rounds(2)
    this.#v0 ^= word
  }

  #rounds(count: number): void {
    let v0 = this.#v0
    let v1 = this.#v1
    let v2 = this.#v2
    let v3 = this.#v3
    for (let round = 0; round < count; round++) {
      v0 = (v0 + v1) | 0
      v1 = (v1 << 5) | (v1 >>> 27)
      v1 ^= v0
      v0 = (v0 << 16) | (v0 >>> 16)
      v2 = (v2 + v3) | 0
      v3 = (v3 << 8) | (v3 >>> 24)
      v3 ^= v2
      v0 = (v0 + v3) | 0
      v3 = (v3 << 7) | (v3 >>> 25)
      v3 ^= v0
      v2 = (v2 + v1) | 0
      v1 = (v1 << 13) | (v1 >>> 19)
      v1 ^= v2
      v2 = (v2 << 16) | (v2 >>> 16)
    }
    this.#v0 = v0
    this.#v1 = v1
    this.#v2 = v2
    this.#v3 = v3
  }
}
