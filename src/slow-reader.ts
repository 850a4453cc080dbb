import type { ServerResponse } from 'node:http'

/** Marks a response itself: a set of them all would be added to and deleted from per response. */
const EXEMPT = Symbol('exempt from the send timeout')

/** A response that may bear the mark. */
type MarkedResponse = ServerResponse & { [EXEMPT]?: true }

/**
 * Lets the client of a response read as slowly as it likes: of an event stream, which may be left unread for hours.
 *
 * @param response - Of either protocol.
 */
export function exemptFromSendTimeout(response: ServerResponse): void {
  const marked = response as MarkedResponse
  marked[EXEMPT] = true
}

/** Whether {@link exemptFromSendTimeout} was called for it. */
export function isExemptFromSendTimeout(response: ServerResponse): boolean {
  return (response as MarkedResponse)[EXEMPT] === true
}

/** What a client did wrong, so that its response was given up. */
export interface ClientFault {
  /** What it was answered instead, where nothing had been sent. */
  readonly status: number
  /** As data. */
  readonly reason: string
}

/** It did not send, or did not read, in time. */
export const TOO_SLOW: ClientFault = { status: 408, reason: 'client_too_slow' }

/** Marks a response that was given up for its client's fault. */
const GIVEN_UP = Symbol('given up by the fault of its client')

/** A response that may bear that mark. */
type GivenUpResponse = ServerResponse & { [GIVEN_UP]?: ClientFault }

/** To be called before a response is broken off, or its request answered by the listener, by the fault of its client. */
export function blameClient(response: ServerResponse, fault: ClientFault = TOO_SLOW): void {
  const marked = response as GivenUpResponse
  marked[GIVEN_UP] = fault
}

/** What {@link blameClient} was called for; undefined when it was not. */
export function clientFault(response: ServerResponse): ClientFault | undefined {
  return (response as GivenUpResponse)[GIVEN_UP]
}
