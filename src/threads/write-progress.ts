import type { Socket } from 'node:net'

/**
 * A TCP socket with its handle, for which there is no public name: what waits in it can't be learned otherwise, and of a
 * socket below TLS nothing else tells of writes at all.
 */
type HandledSocket = Socket & {
  _handle?: { readonly writeQueueSize: number; readonly bytesWritten: number } | null
}

/** Follows how much of what is sent on a connection its kernel takes, which depends on what the client reads. */
export class WriteProgress {
  readonly #socket: HandledSocket
  #taken = 0
  #since = 0

  /** @param socket - The TCP connection itself, not the TLS on top of it. */
  constructor(socket: Socket) {
    this.#socket = socket
  }

  /** Bytes that the kernel has taken so far. */
  get taken(): number {
    const handle = this.#socket._handle
    return handle ? handle.bytesWritten - handle.writeQueueSize : 0
  }

  /** Whether anything waits that the kernel has not taken. */
  get isWaiting(): boolean {
    return (this.#socket._handle?.writeQueueSize ?? 0) > 0
  }

  /**
   * To be called again and again.
   *
   * @param now - Of `performance.now`.
   * @param heldUp - Milliseconds since the last time in which nothing could be sent, which is not the client's fault.
   * @returns For how many milliseconds something has waited of which nothing was taken; 0 when nothing waits.
   */
  stalledFor(now: number, heldUp: number): number {
    const { taken, isWaiting } = this
    this.#since += this.#since === 0 ? 0 : heldUp
    if (!isWaiting || taken !== this.#taken || this.#since === 0) {
      this.#taken = taken
      this.#since = now
    }
    return now - this.#since
  }
}
