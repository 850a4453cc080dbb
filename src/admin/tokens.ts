import { hash, timingSafeEqual } from 'node:crypto'
import type { AdminToken } from '../config/types.ts'

/** What a token is known by. */
export function digestOf(token: string): Buffer {
  return hash('sha256', token, 'buffer')
}

/** The tokens of the admin API, as far as they are needed to know one again. */
export class Tokens {
  readonly #known: readonly { readonly name: string; readonly digest: Buffer }[]

  constructor(tokens: readonly AdminToken[]) {
    this.#known = tokens.map(({ name, token }) => ({ name, digest: digestOf(token) }))
  }

  /** Whether there are none. */
  get isEmpty(): boolean {
    return this.#known.length === 0
  }

  /** Whose token it is; undefined when it is nobody's. Takes as long whoever's it is. */
  nameOf(token: string): string | undefined {
    return this.nameOfDigest(digestOf(token))
  }

  /**
   * Whose token has this digest; undefined when it is nobody's. Digests, which are all of one length, are compared in
   * constant time, with all of them.
   */
  nameOfDigest(digest: Buffer): string | undefined {
    let found: string | undefined
    for (const known of this.#known) if (timingSafeEqual(known.digest, digest)) found = known.name
    return found
  }
}
