import { once } from 'node:events'
import { createServer, type ListenOptions, Server, type Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { ClientConnection } from './client-connection.ts'
import { ClientConnections, type ConnectionLedger } from './client-connections.ts'
import { TCP_KEEP_ALIVE } from './client-limits.ts'
import { Http1Server } from './http1-server.ts'
import { Http2Server } from './http2-server.ts'
import type { ListenAddress } from './messages.ts'
import { ProxiedConnections } from './proxied-connections.ts'
import type { RequestDesk } from './request-desk.ts'
import type { ServerContexts } from './server-contexts.ts'
import { TlsServer } from './tls-server.ts'

/** How often connections that have become idle are looked for at the end, in milliseconds. */
const IDLE_SWEEP_INTERVAL = 50
/** How long a connection may say nothing at the end, in milliseconds: its request may be on the way. */
const SILENT_PATIENCE = 1_000

/** What is spoken on a listening socket, and what its clients may do. */
export type FrontOptions = Pick<ListenAddress, 'transport' | 'limits'>

/**
 * One listening socket with what its connections go through: their number, PROXY protocol, TLS, and HTTP/1.1 or HTTP/2.
 */
export class Front {
  readonly #http1: Http1Server
  readonly #http2: Http2Server | undefined
  readonly #tls: TlsServer | undefined
  readonly #proxied: ProxiedConnections | undefined
  readonly #connections: ClientConnections
  /** Accepts the connections. */
  readonly #acceptor: Server
  #isLeaving = false

  /** @param contexts - Needed for TLS. */
  constructor(
    desk: RequestDesk,
    { transport, limits }: FrontOptions,
    ledger: ConnectionLedger,
    contexts: ServerContexts | undefined
  ) {
    if (transport.tls && !contexts) throw new Error('TLS needs certificates before it listens')
    const isLeaving = (): boolean => this.#isLeaving
    const { headersTimeout } = limits
    this.#http1 = new Http1Server(desk, limits, isLeaving)
    if (transport.tls) {
      if (transport.http2) this.#http2 = new Http2Server(desk, limits, isLeaving)
      this.#tls = new TlsServer(contexts!, transport.http2, headersTimeout, (socket, connection) =>
        this.#onSecure(socket, connection)
      )
    }
    const { proxyProtocol } = transport
    if (proxyProtocol) this.#proxied = new ProxiedConnections(proxyProtocol, headersTimeout)
    this.#connections = new ClientConnections(limits, ledger)
    this.#acceptor = createAcceptor(transport.tls, (socket) => this.#onConnection(socket))
  }

  /** @throws Error when the address can't be listened on. */
  async listen(options: ListenOptions): Promise<void> {
    this.#acceptor.listen(options)
    await once(this.#acceptor, 'listening')
  }

  /** Listens no longer, for now; its connections go on. */
  release(): void {
    void this.#closeAcceptor()
  }

  /** New connections get these certificates. */
  renew(contexts: ServerContexts): void {
    this.#tls?.renew(contexts)
  }

  /** From now on every response is the last of its connection, if the listener drains or this leaves. */
  endConnections(): void {
    this.#http1.endConnections()
    this.#http2?.endConnections()
  }

  /** Listens no longer, and lets its requests end and their connections with them. @returns When all have ended. */
  async leave(): Promise<void> {
    this.#isLeaving = true
    const { server } = this.#http1
    const gone = this.#closeAcceptor()
    this.endConnections()
    server.closeIdleConnections()
    // A response that has begun has promised to keep its connection.
    const sweep = setInterval(() => server.closeIdleConnections(), IDLE_SWEEP_INTERVAL)
    const silent = setTimeout(() => this.#destroySilent(), SILENT_PATIENCE)
    await gone
    clearInterval(sweep)
    clearTimeout(silent)
    server.close()
    this.#connections.close()
  }

  /** Breaks what is left. */
  destroyAll(): void {
    for (const { socket } of this.#connections.all) socket.destroy()
  }

  /** @returns When all connections are gone. */
  async #closeAcceptor(): Promise<void> {
    // An HTTP server's own would also end what is idle, and watch no more over timeouts.
    await new Promise((resolve) => Server.prototype.close.call(this.#acceptor, resolve))
  }

  /** Connections that nobody has said anything over: browsers open such ahead of need. */
  #destroySilent(): void {
    for (const { socket } of this.#connections.all) if (socket.bytesRead === 0) socket.destroy()
  }

  #onConnection(socket: Socket): void {
    if (!this.#proxied?.awaitsHeader(socket)) {
      const connection = this.#connections.acceptKnown(socket)
      if (connection) this.#begin(connection)
      return
    }
    const connection = this.#connections.accept(socket)
    if (!connection) return
    this.#proxied.accept(socket, () => {
      if (this.#connections.countAddress(connection)) this.#begin(connection)
    })
  }

  #begin(connection: ClientConnection): void {
    if (this.#tls) this.#tls.accept(connection)
    else this.#http1.accept(connection.socket, connection)
  }

  #onSecure(socket: TLSSocket, connection: ClientConnection): void {
    if (socket.alpnProtocol === 'h2') {
      this.#http2!.accept(socket, connection)
      return
    }
    socket.allowHalfOpen = true
    this.#http1.accept(socket, connection)
  }
}

function createAcceptor(tls: boolean, onConnection: (socket: Socket) => void): Server {
  const acceptor = createServer(
    {
      // A client that leaves during its handshake is gone; once that is done, HTTP/1.x has half-closed connections.
      allowHalfOpen: !tls,
      noDelay: true,
      // A client that lost its power says nothing.
      keepAlive: true,
      keepAliveInitialDelay: TCP_KEEP_ALIVE
    },
    onConnection
  )
  // What can't be accepted for want of memory must not end the thread.
  acceptor.on('error', () => {})
  return acceptor
}
