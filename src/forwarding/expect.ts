import type { IncomingMessage } from 'node:http'

const waiting = new WeakSet<IncomingMessage>()

/** Marks a request whose client waits for a 100 that nobody has sent yet. */
export function setExpectsContinue(request: IncomingMessage): void {
  waiting.add(request)
}

/** The client no longer waits: somebody has sent it a 100. */
export function clearExpectsContinue(request: IncomingMessage): void {
  waiting.delete(request)
}

/** Whether the client waits for the backend's 100. Where the server answers Expect by itself, it never does. */
export function expectsContinue(request: IncomingMessage): boolean {
  return request.headers.expect !== undefined && waiting.has(request)
}
