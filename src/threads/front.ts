import { once } from 'node:events'
import { createServer, type ListenOptions, type Server, type Socket } from 'node:net'
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
import { Turns } from './turns.ts'

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
  /** Accepts the connections, until another front has it. */
  #acceptor: Server | undefined
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
  }

  /** @throws Error when the address can't be listened on. */
  async listen(options: ListenOptions): Promise<void> {
    this.#acceptor ??= createAcceptor()
    this.#take(this.#acceptor)
    this.#acceptor.listen(options)
    await once(this.#acceptor, 'listening')
  }

  /**
   * Listens on the very socket that another has listened on until now. A socket of its own would do for the kernel to choose
   * between, but the connections that wait at the other one to be accepted would be reset as it closes.
   */
  takeOver(before: Front): void {
    this.#acceptor = before.#acceptor!
    before.#acceptor = undefined
    this.#take(this.#acceptor)
  }

  /** Listens no longer, for now; its connections go on. */
  release(): void {
    if (this.#acceptor) void this.#closeAcceptor(this.#acceptor)
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
    const gone = this.#acceptor ? this.#closeAcceptor(this.#acceptor) : this.#connections.untilNone()
    this.endConnections()
    this.#destroyQuiet()
    const sweep = setInterval(() => this.#destroyQuiet(), IDLE_SWEEP_INTERVAL)
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
  async #closeAcceptor(acceptor: Server): Promise<void> {
    await new Promise((resolve) => acceptor.close(resolve))
  }

  /**
   * Connections that are kept for a next request. To close one in the moment in which that is sent would reset it, and what is
   * no GET nobody sends again; one that comes in time is answered, and told that it was the last.
   */
  #destroyQuiet(): void {
    const now = performance.now()
    for (const { socket, user } of this.#connections.all)
      if (user instanceof Turns && user.isQuiet(now)) socket.destroy()
  }

  /** Connections that nobody has said anything over: browsers open such ahead of need. */
  #destroySilent(): void {
    for (const { socket } of this.#connections.all) if (socket.bytesRead === 0) socket.destroy()
  }

  #take(acceptor: Server): void {
    // A client that leaves during its handshake is gone; once that is done, HTTP/1.x has half-closed connections.
    Object.assign(acceptor, { allowHalfOpen: !this.#tls })
    acceptor.removeAllListeners('connection')
    acceptor.on('connection', (socket: Socket) => this.#onConnection(socket))
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

function createAcceptor(): Server {
  // A client that lost its power says nothing.
  const acceptor = createServer({
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: TCP_KEEP_ALIVE
  })
  // What can't be accepted for want of memory must not end the thread.
  acceptor.on('error', () => {})
  return acceptor
}
