import type { Socket } from 'node:net'

/** How long nothing may come before all has been read, in milliseconds: what is still to be read has come already. */
const QUIET = 10

/**
 * Lets a socket be read to its end after a write has failed. A backend that refuses an upload answers and closes; the
 * reset that the rest of the upload brings fails a write, often before the answer, which has come, was read. Node would
 * destroy the socket at once, and the answer with it.
 *
 * @param onFailed - Called once: nothing more can be sent.
 */
export function readAfterFailedWrite(socket: Socket, onFailed: () => void): void {
  const destroy = socket.destroy.bind(socket)
  let hasFailed = false
  socket.destroy = (error) => {
    if (hasFailed || socket.readableEnded || !isFailedWrite(error)) return destroy(error)
    hasFailed = true
    let read = -1
    // The end of what there is can't be waited for: a stream that has failed does not tell of it.
    const timer = setInterval(() => {
      if (socket.isPaused()) return
      if (socket.bytesRead === read) destroy(error)
      read = socket.bytesRead
    }, QUIET)
    socket.once('close', () => clearInterval(timer))
    onFailed()
    return socket
  }
}

function isFailedWrite(error: NodeJS.ErrnoException | undefined): boolean {
  return error?.syscall === 'write' && (error.code === 'EPIPE' || error.code === 'ECONNRESET')
}
