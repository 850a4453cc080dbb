import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

/** A client's wish for another protocol, between the server's `upgrade` event and the backend's answer. */
export interface PendingUpgrade {
  readonly socket: Duplex
  /** What the client sent behind the request's head. */
  readonly head: Buffer
  /** Called when the two sockets are joined: the request is over as a request, but the sockets live on. */
  readonly onJoined: (backend: Duplex) => void
}

const pending = new WeakMap<IncomingMessage, PendingUpgrade>()

/** Marks a request as one that asks for another protocol, for whoever forwards it. */
export function setPendingUpgrade(request: IncomingMessage, upgrade: PendingUpgrade): void {
  pending.set(request, upgrade)
}

/** The upgrade that a request asks for. */
export function pendingUpgrade(request: IncomingMessage): PendingUpgrade | undefined {
  return pending.get(request)
}

/**
 * Whether a request asks for WebSocket, and has no use for any other answer. Other wishes, such as for `h2c`, a server
 * may pass over (RFC 9110 section 7.8).
 */
export function asksForWebSocket(request: IncomingMessage): boolean {
  return pending.has(request) && /^websocket$/i.test(request.headers.upgrade ?? '')
}

/**
 * Gives the client the backend's 101 and joins the two sockets, with backpressure and half-close each way; when one
 * breaks, so does the other.
 *
 * @param headers - The 101's fields, names and values in turn, ready for the client.
 * @param onClose - Called once, when both sockets are closed.
 */
export function joinUpgraded(
  client: PendingUpgrade,
  response: ServerResponse,
  headers: readonly string[],
  backend: Duplex,
  onClose: () => void
): void {
  response.detachSocket(client.socket as Parameters<ServerResponse['detachSocket']>[0])
  writeHead(client.socket, 101, 'Switching Protocols', headers)
  if (client.head.length > 0) backend.write(client.head)
  let open = 2
  for (const [from, to] of [
    [client.socket, backend],
    [backend, client.socket]
  ] as const) {
    from.on('error', () => to.destroy())
    from.once('close', () => {
      // A side that has finished both ways lets the other finish what it still writes.
      if (!from.readableEnded) to.destroy()
      if (--open === 0) onClose()
    })
    from.pipe(to)
  }
  client.onJoined(backend)
}

/** Writes the head of a 1xx response, which Node has no way to write as it came. */
export function writeHead(
  socket: Duplex,
  status: number,
  statusText: string,
  headers: readonly string[]
): void {
  let lines = `HTTP/1.1 ${status} ${statusText}\r\n`
  for (let index = 0; index < headers.length; index += 2)
    lines += `${headers[index]}: ${headers[index + 1]}\r\n`
  socket.write(`${lines}\r\n`, 'latin1')
}
