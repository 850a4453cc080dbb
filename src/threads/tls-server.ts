import type { Socket } from 'node:net'
import { createServer, type Server, type TLSSocket } from 'node:tls'
import type { ClientConnection } from './client-connection.ts'
import { conveySource } from './proxied-connections.ts'
import type { ServerContexts } from './server-contexts.ts'

/** A TLS connection with the one below it, for which there is no public name. */
type LayeredSocket = TLSSocket & { _parent?: Socket }

/** Names of HTTP/1.x in ALPN: a client that offers protocols, but none of ours, is refused (RFC 7301 section 3.2). */
const HTTP1 = ['http/1.1', 'http/1.0']

/** TLS on connections that somebody else has accepted. */
export class TlsServer {
  readonly #server: Server
  /** What TLS connections stand on. */
  readonly #connections = new WeakMap<Socket, ClientConnection>()
  #contexts: ServerContexts

  /**
   * @param http2 - Whether clients may choose HTTP/2 by ALPN.
   * @param handshakeTimeout - In milliseconds.
   * @param onSecure - Given every connection whose handshake is done.
   */
  constructor(
    contexts: ServerContexts,
    http2: boolean,
    handshakeTimeout: number,
    onSecure: (socket: TLSSocket, connection: ClientConnection) => void
  ) {
    this.#contexts = contexts
    this.#server = createServer({
      ...contexts.fallback,
      ALPNProtocols: http2 ? ['h2', ...HTTP1] : HTTP1,
      handshakeTimeout,
      SNICallback: (name, done) => done(null, this.#contexts.of(name))
    })
    this.#server.on('secureConnection', (socket: LayeredSocket) => {
      const below = socket._parent!
      conveySource(below, socket)
      // Node resets plain connections only. One that is cut without TLS's own end is seen to be cut as well.
      socket.resetAndDestroy = () => {
        below.resetAndDestroy()
        return socket
      }
      onSecure(socket, this.#connections.get(below)!)
    })
    // Scanners, plain HTTP, and clients that trust another authority: there is nobody to answer.
    this.#server.on('tlsClientError', (_error, socket) => socket.destroy())
  }

  /** New connections get these certificates; handshakes under way and connections go on with theirs. */
  renew(contexts: ServerContexts): void {
    this.#contexts = contexts
    this.#server.setSecureContext(contexts.fallback)
  }

  accept(connection: ClientConnection): void {
    const { socket } = connection
    this.#connections.set(socket, connection)
    this.#server.emit('connection', socket)
  }
}
