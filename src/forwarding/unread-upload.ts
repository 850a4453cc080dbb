import type { IncomingMessage } from 'node:http'

/** How long the rest of an upload that nobody waits for is read, in milliseconds. */
const LINGER = 5_000

/**
 * Reads the rest of an upload whose response has gone, and throws it away: the client gets to read its response, and
 * its connection carries the next request (RFC 9112 section 9.3). An upload that takes too long is cut off.
 */
export function discardUpload(request: IncomingMessage): void {
  if (request.readableEnded || request.destroyed) return
  const timer = setTimeout(() => request.socket.destroy(), LINGER)
  request.once('close', () => clearTimeout(timer))
  request.resume()
}
