import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'

/** How long a client whose answer has gone may take to end its upload, in milliseconds. */
const PATIENCE = 5_000

/**
 * Closes connections in stages, as RFC 9112 section 9.6 asks for: Node closes a connection as soon as its last response
 * is written, and what the client sends then is answered with a reset, which takes the response from it. So while an
 * upload is under way, only the writing side ends, until the rest of the upload has been read.
 *
 * @param requestOf - The last request of the connection.
 */
export function closeInStages(socket: Socket, requestOf: () => IncomingMessage | undefined): void {
  const close = socket.destroySoon.bind(socket)
  socket.destroySoon = () => {
    const request = requestOf()
    if (!request || request.complete || socket.destroyed) {
      close()
      return
    }
    socket.end()
    const timer = setTimeout(() => socket.destroy(), PATIENCE)
    socket.once('close', () => clearTimeout(timer))
    request.once('end', close)
    request.resume()
  }
}
