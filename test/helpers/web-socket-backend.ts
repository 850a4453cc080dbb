import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws'

/** A backend that speaks WebSocket. */
export interface WebSocketBackend {
  readonly url: string
  readonly server: WebSocketServer
  /** The handshakes as they came. */
  readonly handshakes: IncomingMessage[]
}

/** Starts a backend that sends every message back, text as text and bytes as bytes. */
export async function startWebSocketBackend(
  t: TestContext,
  options: ServerOptions = {},
  onConnection: (socket: WebSocket) => void = echo
): Promise<WebSocketBackend> {
  const http = createServer((_request, response) => response.end('plain'))
  const handshakes: IncomingMessage[] = []
  const server = new WebSocketServer({ ...options, server: http })
  server.on('connection', (socket, request) => {
    handshakes.push(request)
    socket.on('error', () => {})
    onConnection(socket)
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  t.after(async () => {
    for (const socket of server.clients) socket.terminate()
    server.close()
    http.closeAllConnections()
    http.close()
    await once(http, 'close')
  })
  const { port } = http.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, server, handshakes }
}

function echo(socket: WebSocket): void {
  socket.on('message', (data, isBinary) => socket.send(data as Buffer, { binary: isBinary }))
}
