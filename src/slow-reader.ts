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

/** Marks a response that was given up for its client's slowness. */
const GIVEN_UP = Symbol('given up: its client is too slow')

/** A response that may bear that mark. */
type GivenUpResponse = ServerResponse & { [GIVEN_UP]?: true }

/** To be called before a response is broken off, or its request answered with 408, since its client is too slow. */
export function blameClient(response: ServerResponse): void {
  const marked = response as GivenUpResponse
  marked[GIVEN_UP] = true
}

/** Whether {@link blameClient} was called for it. */
export function isClientTooSlow(response: ServerResponse): boolean {
  return (response as GivenUpResponse)[GIVEN_UP] === true
}
