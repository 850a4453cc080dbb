import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ServerHttp2Stream } from 'node:http2'

/*
 * What is asked of a client's request and response whichever HTTP it speaks. Node's messages of HTTP/2 look like those
 * of HTTP/1.1 and answer some of these questions wrongly, or not at all.
 */

/** The stream of a message that came, or goes out, over HTTP/2; undefined for HTTP/1.x. */
export function http2Stream(message: IncomingMessage | ServerResponse): ServerHttp2Stream | undefined {
  return (message as { stream?: ServerHttp2Stream }).stream
}

/** Whether a request has a body, be it an empty one whose length was not known in advance. */
export function hasBody(request: IncomingMessage): boolean {
  const stream = http2Stream(request)
  if (stream) return !stream.endAfterHeaders
  const { headers } = request
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

/** Whether nobody reads a response any more. */
export function isGone(response: ServerResponse): boolean {
  const stream = http2Stream(response)
  return stream ? stream.destroyed || stream.closed : response.destroyed
}

/**
 * Whether all of a response went out; a 101 counts as whole. A stream of HTTP/2 says that it has finished when it was
 * reset, too, and for a HEAD before there is any response.
 */
export function isWhole(response: ServerResponse): boolean {
  const stream = http2Stream(response)
  if (!stream) return response.writableFinished || response.statusCode === 101
  const { headersSent, aborted, writableFinished, rstCode, sentTrailers } = stream
  // A client may reset a stream that it has read to its end.
  return headersSent && !aborted && writableFinished && (rstCode === 0 || sentTrailers !== undefined)
}

/**
 * Calls back once, when a response is over: written whole, broken off, or its client gone. Over HTTP/2 that is when
 * the stream is reset, before its request looks as if it had ended, and for HEAD too, of whose end Node's response
 * says nothing when it was reset.
 */
export function onceOver(response: ServerResponse, listener: () => void): void {
  const stream = http2Stream(response)
  if (!stream) {
    // Once it is: nothing closes a response twice that somebody has begun to answer.
    response.on('close', listener)
    return
  }
  const once = (): void => {
    stream.off('aborted', once)
    stream.off('close', once)
    listener()
  }
  stream.once('aborted', once)
  stream.once('close', once)
}
