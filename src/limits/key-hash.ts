/** A secret that keys are hashed with: two words of 32 bits, the same in all threads. */
export type HashSecret = readonly [number, number]

/**
 * HalfSipHash-2-4 with 64 bits of output (Aumasson and Bernstein): nobody who does not know the secret can find two keys
 * with one hash, or many keys for one bucket. Words are 32 bits, as JavaScript's integers are.
 *
 * The result stands in {@link lo} and {@link hi} until the next call: hashing allocates nothing, unless a text has
 * characters beyond Latin-1.
 */
export class KeyHash {
  readonly #k0: number
  readonly #k1: number
  /** The hash's lower word. */
  lo = 0
  /** The hash's upper word. */
  hi = 0

  constructor([k0, k1]: HashSecret) {
    this.#k0 = k0 | 0
    this.#k1 = k1 | 0
  }

  /** Hashes a text: its bytes in Latin-1 where it has no others, as header fields don't, else in UTF-8. */
  of(text: string): void {
    if (!this.#ofBytes(text)) this.#ofBytes(Buffer.from(text, 'utf8').toString('latin1'))
  }

  /** @returns Whether all characters were bytes: of others there is no hash. */
  #ofBytes(text: string): boolean {
    let v0 = this.#k0
    let v1 = this.#k1 ^ 0xee
    let v2 = 0x6c796765 ^ this.#k0
    let v3 = 0x74656462 ^ this.#k1
    const { length } = text
    const whole = length & ~3
    let seen = 0
    for (let at = 0; at < whole; at += 4) {
      const c0 = text.charCodeAt(at)
      const c1 = text.charCodeAt(at + 1)
      const c2 = text.charCodeAt(at + 2)
      const c3 = text.charCodeAt(at + 3)
      seen |= c0 | c1 | c2 | c3
      const word = c0 | (c1 << 8) | (c2 << 16) | (c3 << 24)
      v3 ^= word
      for (let round = 0; round < 2; round++) {
        v0 = (v0 + v1) | 0
        v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0
        v0 = (v0 << 16) | (v0 >>> 16)
        v2 = (v2 + v3) | 0
        v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2
        v0 = (v0 + v3) | 0
        v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0
        v2 = (v2 + v1) | 0
        v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2
        v2 = (v2 << 16) | (v2 >>> 16)
      }
      v0 ^= word
    }
    let word = length << 24
    for (let at = whole; at < length; at++) {
      const char = text.charCodeAt(at)
      seen |= char
      word |= char << (8 * (at & 3))
    }
    v3 ^= word
    for (let round = 0; round < 10; round++) {
      if (round === 2) {
        v0 ^= word
        v2 ^= 0xee
      } else if (round === 6) {
        this.lo = v1 ^ v3
        v1 ^= 0xdd
      }
      v0 = (v0 + v1) | 0
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0
      v0 = (v0 << 16) | (v0 >>> 16)
      v2 = (v2 + v3) | 0
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2
      v0 = (v0 + v3) | 0
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0
      v2 = (v2 + v1) | 0
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2
      v2 = (v2 << 16) | (v2 >>> 16)
    }
    this.hi = v1 ^ v3
    return seen <= 0xff
  }
}
