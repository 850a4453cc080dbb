import type { Duplex } from 'node:stream'
import type { Backend } from '../upstreams/backend.ts'
import type { PendingUpgrade } from './upgrade.ts'

/** The response to the client: the backend's, passed on as it comes. Once it has begun, nothing can be taken back. */
export interface ClientResponse {
  /** Whether the head of the final response was written. */
  readonly hasBegun: boolean
  /** Whether the client was told to go on with its body. */
  readonly hasContinued: boolean
  /** Whether it is a stream of server-sent events, which may be silent for as long as it likes. */
  readonly isEventStream: boolean
  /** Whether the client has more to read than it takes. */
  readonly isBlocked: boolean

  /** Passes an interim response on (RFC 9110 section 15.2), to a client that knows of such. */
  inform(status: number, statusText: string, headers: readonly string[]): void
  /**
   * @param headers - As the backend sent them, names and values in turn.
   * @param sessionCookie - The Set-Cookie of the client's session, to be sent beside the backend's own.
   * @throws Error when it is no HTTP; then it has not begun.
   */
  begin(
    status: number,
    statusText: string,
    headers: readonly string[],
    backend: Backend,
    sessionCookie?: string
  ): void
  /** Sends the head without waiting for the body that would go along with it. */
  flush(): void
  /** @returns false to pause until `resume` is called. */
  write(chunk: Buffer, resume: () => void): boolean
  /** @param trailers - As the backend sent them. */
  end(trailers: readonly string[]): void
  /** A response that broke off must be seen to have broken off. */
  destroy(): void
  /**
   * Switches protocols; only for a request that asked for it.
   *
   * @param headers - Of the backend's 101.
   * @param onClose - Called once, when both sockets are closed.
   * @param sessionCookie - As of {@link begin}: this is the final response, too.
   */
  join(
    upgrade: PendingUpgrade,
    headers: readonly string[],
    backend: Duplex,
    onClose: () => void,
    sessionCookie?: string
  ): void
}
