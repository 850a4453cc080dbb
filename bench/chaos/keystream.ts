import { type Cipheriv, createCipheriv, createHash } from 'node:crypto'

/**
 * Bytes that follow from a name: the body of a request or response, which no other has. Both ends make them anew, so that
 * every byte that arrives can be told right or wrong, also of a body that breaks off.
 */
export class Keystream {
  readonly #cipher: Cipheriv

  constructor(name: string) {
    const key = createHash('sha256').update(name).digest()
    this.#cipher = createCipheriv('aes-128-ctr', key.subarray(0, 16), key.subarray(16))
  }

  /** The next so many bytes. */
  next(size: number): Buffer {
    return this.#cipher.update(Buffer.alloc(size))
  }

  /** Whether these are the next bytes. */
  matches(piece: Buffer): boolean {
    // Taken twice, the stream cancels itself out.
    return this.#cipher.update(piece).every((byte) => byte === 0)
  }
}
