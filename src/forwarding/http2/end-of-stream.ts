import type { ClientHttp2Stream } from 'node:http2'

/**
 * Tells when the peer has ended a stream in order. Node tells nobody: a stream that is reset with NO_ERROR half-way
 * emits `end` like a whole one. The two differ in what comes first: the end of the data, or the close of the stream.
 *
 * What was read and not yet taken is handed over at the same time. Node throws it away when the connection closes, which
 * a backend may well do once it has sent all it had to say.
 *
 * @param onEnd - Called at most once, before `end` is emitted.
 */
export function onEndOfStream(stream: ClientHttp2Stream, onEnd: (rest: Buffer[]) => void): void {
  const push = stream.push.bind(stream)
  let isOver = false
  stream.push = (chunk: Buffer | null, encoding) => {
    const isEnd = chunk === null && !isOver && !stream.closed
    const more = push(chunk, encoding)
    if (isEnd) {
      isOver = true
      stream.removeAllListeners('data')
      onEnd(unread(stream))
    }
    return more
  }
}

/** Reading to the end of the data makes the stream emit `end`, even one that is paused. */
function unread(stream: ClientHttp2Stream): Buffer[] {
  const chunks: Buffer[] = []
  for (let chunk = stream.read() as Buffer | null; chunk; chunk = stream.read() as Buffer | null)
    chunks.push(chunk)
  return chunks
}
