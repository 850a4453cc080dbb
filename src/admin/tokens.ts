import { hash, timingSafeEqual } from 'node:crypto'
import type { AdminToken } from '../config/types.ts'

/** The tokens of the admin API, as far as they are needed to know one again. */
export class Tokens {
  readonly #known: readonly { readonly name: string; readonly digest: Buffer }[]

  constructor(tokens: readonly AdminToken[]) {
    this.#known = tokens.map(({ name, token }) => ({ name, digest: hash('sha256', token, 'buffer') }))
  }

  /** Whether there are none. */
  get isEmpty(): boolean {
    return this.#known.length === 0
  }

  /**
   * Whose token it is; undefined when it is nobody's. Takes as long whoever's it is: hashes, which are all of one length,
   * are compared in constant time, with all of them.
   */
  nameOf(token: string): string | undefined {
    const digest = hash('sha256', token, 'buffer')
    let found: string | undefined
    for (const known of this.#known) if (timingSafeEqual(known.digest, digest)) found = known.name
    return found
  }
}
