import type { Socket } from 'node:net'
import { UNCOUNTED } from '../limits/client-counts.ts'

/** Whoever speaks HTTP on a connection. */
export interface ConnectionUser {
  /** `performance.now()` since when it has no request under way; undefined while it has one. */
  readonly idleSince: number | undefined
  /**
   * Looks whether its client takes too long. Called once per check interval.
   *
   * @param now - Of `performance.now`.
   * @param heldUp - Milliseconds since the last time in which this thread had no time to send anything.
   */
  check(now: number, heldUp: number): void
}

/** A connection of a client, from when it is accepted until it is closed. */
export class ClientConnection {
  /** The TCP connection itself. */
  readonly socket: Socket
  readonly #since = performance.now()
  /** Undefined until HTTP is spoken. */
  user: ConnectionUser | undefined
  /** Its place among all; whose they are decides. -1 = it is none of them any more. */
  place = -1
  /** Where its address is counted. */
  addressPlace = UNCOUNTED

  constructor(socket: Socket) {
    this.socket = socket
  }

  /** As of {@link ConnectionUser}. */
  get idleSince(): number | undefined {
    return this.user ? this.user.idleSince : this.#since
  }
}
