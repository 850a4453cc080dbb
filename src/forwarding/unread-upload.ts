import type { IncomingMessage } from 'node:http'
import { constants } from 'node:http2'
import { http2Stream } from '../raw-messages.ts'

/** How long the rest of an upload that nobody waits for is read, in milliseconds. */
const LINGER = 5_000

/**
 * Reads the rest of an upload whose response has gone, and throws it away: the client gets to read its response, and
 * its connection carries the next request (RFC 9112 section 9.3). An upload that takes too long is cut off.
 */
export function discardUpload(request: IncomingMessage): void {
  if (request.readableEnded || request.destroyed) return
  request.resume()
  // A stream of HTTP/2 is over by then: what is read is what has come already.
  if (http2Stream(request)) return
  const timer = setTimeout(() => request.socket.destroy(), LINGER)
  request.once('close', () => clearTimeout(timer))
}

/**
 * Ends an upload over HTTP/2 whose response has gone out whole: the client is asked to send no more, which is no error
 * (RFC 9113 section 8.1), and what came already is thrown away, so that the stream can close.
 */
export function endUpload(request: IncomingMessage): void {
  const stream = http2Stream(request)!
  // Trailers go out in the same phase of the loop, before this.
  setImmediate(() => {
    if (!stream.destroyed && stream.state.remoteClose !== 1) stream.close(constants.NGHTTP2_NO_ERROR)
    request.resume()
  })
}
