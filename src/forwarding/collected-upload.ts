import type { IncomingMessage, ServerResponse } from 'node:http'
import { hasBody, http2Stream, isGone, onceOver } from '../raw-messages.ts'
import { clearExpectsContinue, expectsContinue } from './expect.ts'
import { bodyTooLarge, clientTooSlow } from './failure.ts'

const kCollected = Symbol('xecureapi.collected')

declare module 'node:http' {
  interface IncomingMessage {
    [kCollected]?: readonly Buffer[]
  }
}

/** How much of an upload is collected, and for how long. */
export interface CollectLimits {
  /** Bytes. */
  readonly most: number
  /** Milliseconds; 0 = as long as it takes. */
  readonly timeout: number
}

/** What has been read of a request's body for somebody to look at; undefined when nobody did. */
export function collectedUpload(request: IncomingMessage): readonly Buffer[] | undefined {
  return request[kCollected]
}

/**
 * Reads the whole body of a request before it is forwarded, which then sends it on byte for byte. A client that waits for
 * a 100 gets it.
 *
 * @returns The body; undefined when the client is gone before its end.
 * @throws ProblemError 413 when it is larger than it may be, 408 when it takes longer.
 */
export async function collectUpload(
  request: IncomingMessage,
  response: ServerResponse,
  { most, timeout }: CollectLimits
): Promise<Buffer | undefined> {
  if (!hasBody(request)) return Buffer.alloc(0)
  if (Number(request.headers['content-length'] ?? 0) > most) throw bodyTooLarge()
  if (isGone(response)) return undefined
  if (expectsContinue(request)) {
    clearExpectsContinue(request)
    response.writeContinue()
  }
  const chunks: Buffer[] = []
  const { promise, resolve, reject } = Promise.withResolvers<boolean>()
  let size = 0
  const onData = (chunk: Buffer): void => {
    size += chunk.length
    if (size > most) reject(bodyTooLarge())
    else chunks.push(chunk)
  }
  // Over HTTP/2 a stream that was reset looks as if its request had ended, but after it is over.
  const onEnd = (): void => resolve(!isGone(response))
  const onGone = (): void => resolve(false)
  // Of HTTP/1.1 the server itself knows when a request is late.
  const isTimed = http2Stream(request) !== undefined && timeout > 0
  const timer = isTimed ? setTimeout(() => reject(clientTooSlow()), timeout) : undefined
  request.on('data', onData)
  request.once('end', onEnd)
  onceOver(response, onGone)
  try {
    if (!(await promise)) return undefined
    request[kCollected] = chunks
    return Buffer.concat(chunks)
  } finally {
    clearTimeout(timer)
    request.off('data', onData)
    request.off('end', onEnd)
    if (!request.readableEnded) request.pause()
  }
}
