import type { IncomingMessage, ServerResponse } from 'node:http'
import { constants, type ServerHttp2Stream } from 'node:http2'
import { hasBody, http2Stream } from '../raw-messages.ts'

/** How long the rest of an upload that nobody waits for is read, in milliseconds. */
const LINGER = 5_000

/** How often it is looked whether a response's end is out, in milliseconds: ever less often. */
const SHORT = 10
const LONG = 500

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
  // What nobody has begun to read, Node resets as soon as it has the response: its end may not be out yet.
  const isUntouched = stream.readableFlowing === null
  if (isUntouched) stream.pause()
  // Trailers go out in the same phase of the loop, before this.
  setImmediate(() =>
    closeOnceSent(stream, () => {
      request.resume()
      if (isUntouched) stream.resume()
    })
  )
}

/**
 * Asks a client to send no more on a stream as soon as the end of the response is out. It may wait for the client's
 * window although it needs none: whoever reads nothing is ended by the session's watch.
 *
 * @param then - Called after that, or when the client has ended its side, or the stream is gone.
 */
export function closeOnceSent(stream: ServerHttp2Stream, then?: () => void, wait = SHORT): void {
  if (!stream.destroyed && !stream.closed && stream.state.remoteClose !== 1) {
    if (stream.state.localClose === 0) {
      setTimeout(() => closeOnceSent(stream, then, Math.min(2 * wait, LONG)), wait).unref()
      return
    }
    stream.close(constants.NGHTTP2_NO_ERROR)
  }
  then?.()
}

/** Sees to the upload, if there is one, of a request that is refused: nobody reads it, before the answer or after it. */
export function refuseUpload(request: IncomingMessage, response: ServerResponse): void {
  if (!hasBody(request)) return
  const stream = http2Stream(request)
  if (!stream) response.once('close', () => discardUpload(request))
  // Node says nothing of the end of an answer to a HEAD: then the session's watch ends the stream.
  else stream.once('wantTrailers', () => endUpload(request))
}

/**
 * Reads the end of a request over HTTP/2 that has no body. Node resets the stream of a request that nobody has begun to
 * read as soon as it has all of the response: one whose end waits for the client's window would look broken.
 */
export function readNothing(stream: ServerHttp2Stream): void {
  if (stream.endAfterHeaders) stream.resume()
}
