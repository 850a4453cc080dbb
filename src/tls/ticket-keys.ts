import { randomBytes } from 'node:crypto'

/** How long session tickets are encrypted with the same keys, in milliseconds: whoever steals them reads no more. */
export const TICKET_KEYS_LIFETIME = 12 * 60 * 60 * 1000

/** Bytes that Node's `setTicketKeys` takes: a name, a key for the cipher and one for the signature. */
const SIZE = 48

/**
 * The keys that session tickets are encrypted with (RFC 5077 section 4): the same in all threads, so that a session can go
 * on in any of them, and new ones from time to time. A ticket of the keys before costs its client a full handshake.
 */
export class TicketKeys {
  #keys: Uint8Array
  #madeAt: number

  /** @param now - Milliseconds since the epoch. */
  constructor(now: number) {
    this.#keys = randomBytes(SIZE)
    this.#madeAt = now
  }

  get current(): Uint8Array {
    return this.#keys
  }

  /** Makes new keys when these are old enough. @returns Whether it did. */
  rotate(now: number): boolean {
    // A clock that was set back must not keep the keys for ever.
    if (Math.abs(now - this.#madeAt) < TICKET_KEYS_LIFETIME) return false
    this.#keys = randomBytes(SIZE)
    this.#madeAt = now
    return true
  }
}
