import type { Socket } from 'node:net'
import { writeHead } from '../forwarding/upgrade.ts'
import { responseUnderWay } from './client-errors.ts'

/** How long a client that has finished sending waits undisturbed, in milliseconds: most answers come sooner. */
const PATIENCE = 30

/**
 * A client of HTTP/1.x has closed its side. One that has left looks like one that has only finished sending, until
 * something is sent to it. In the midst of a response it is taken for gone. Before, it is asked with an interim
 * response, which one that has left answers with a reset, and one that waits has to ignore (RFC 9110 section 15.2).
 */
export function askWhetherGone(socket: Socket): void {
  const response = responseUnderWay(socket)
  if (!response || response.writableFinished) return
  if (response.headersSent) {
    socket.destroy()
    return
  }
  let asked = 0
  const timer = setInterval(() => {
    const isWaiting = !response.headersSent && response.req.httpVersion === '1.1' && socket.writable
    if (isWaiting) writeHead(socket, 102, 'Processing', [])
    // The first one brings the reset, the second one brings it to light: nobody reads a socket that has ended.
    if (!isWaiting || ++asked === 2) clearInterval(timer)
  }, PATIENCE)
  response.once('close', () => clearInterval(timer))
}
