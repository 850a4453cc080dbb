import type { IncomingMessage, ServerResponse } from 'node:http'
import { constants } from 'node:http2'
import { hasBody, http2Stream } from '../raw-messages.ts'

/** How long the rest of an upload that nobody waits for is read, in milliseconds. */
const LINGER = 5_000

/** Those that are being thrown away. */
const discarded = new WeakSet<IncomingMessage>()

/**
 * Reads the rest of an upload whose response has gone, and throws it away: the client gets to read its response, and
 * its connection carries the next request (RFC 9112 section 9.3). An upload that takes too long is cut off. Once is
 * enough.
 */
export function discardUpload(request: IncomingMessage): void {
  if (request.readableEnded || request.destroyed || discarded.has(request)) return
  discarded.add(request)
  request.resume()
  // A stream of HTTP/2 is over by then: what is read is what has come already.
  if (http2Stream(request)) return
  const { socket } = request
  const timer = setTimeout(() => request.destroy(), LINGER)
  const over = (): void => {
    clearTimeout(timer)
    request.off('close', over)
    socket.off('close', over)
  }
  request.once('close', over)
  // Node tells a request whose response has ended nothing of its connection.
  socket.once('close', over)
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

/** Sees to the upload, if there is one, of a request that is refused: nobody reads it, before the answer or after it. */
export function refuseUpload(request: IncomingMessage, response: ServerResponse): void {
  if (!hasBody(request)) return
  const stream = http2Stream(request)
  if (!stream) response.once('close', () => discardUpload(request))
  // Node says nothing of the end of an answer to a HEAD: then the session's watch ends the stream.
  else stream.once('wantTrailers', () => endUpload(request))
}
