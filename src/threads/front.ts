import { once } from 'node:events'
import { createServer, type ListenOptions, Server, type Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { ClientLimits } from './client-limits.ts'
import { Http1Server } from './http1-server.ts'
import { Http2Server } from './http2-server.ts'
import type { Transport } from './messages.ts'
import { ProxiedConnections } from './proxied-connections.ts'
import type { RequestDesk } from './request-desk.ts'
import type { ServerContexts } from './server-contexts.ts'
import { TlsServer } from './tls-server.ts'

/** How often connections that have become idle are looked for at the end, in milliseconds. */
const IDLE_SWEEP_INTERVAL = 50
/** How long a connection may say nothing at the end, in milliseconds: its request may be on the way. */
const SILENT_PATIENCE = 1_000

/**
 * One listening socket with what its connections go through: PROXY protocol, TLS, and HTTP/1.1 or HTTP/2. Without the
 * first two it is a plain HTTP server.
 */
export class Front {
  readonly #http1: Http1Server
  readonly #http2: Http2Server | undefined
  readonly #tls: TlsServer | undefined
  /** Accepts the connections. */
  readonly #acceptor: Server
  /** All connections, those that were upgraded too: the HTTP server has let go of them. */
  readonly #sockets = new Set<Socket>()
  #isLeaving = false

  /** @param contexts - Needed for TLS. */
  constructor(
    desk: RequestDesk,
    limits: ClientLimits,
    transport: Transport,
    contexts: ServerContexts | undefined
  ) {
    const isLeaving = (): boolean => this.#isLeaving
    this.#http1 = new Http1Server(desk, limits, isLeaving)
    if (transport.tls) {
      if (!contexts) throw new Error('TLS needs certificates before it listens')
      if (transport.http2) this.#http2 = new Http2Server(desk, limits, isLeaving)
      this.#tls = new TlsServer(contexts, transport.http2, limits, (socket) => this.#onSecure(socket))
    }
    const isPlain = !transport.tls && !transport.proxyProtocol
    this.#acceptor = isPlain ? this.#http1.server : this.#createAcceptor(limits, transport)
    this.#acceptor.prependListener('connection', (socket: Socket) => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
    // What can't be accepted for want of memory must not end the thread.
    this.#acceptor.on('error', () => {})
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
    this.#http2?.close()
  }

  /** Breaks what is left. */
  destroyAll(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  /** @returns When all connections are gone. */
  async #closeAcceptor(): Promise<void> {
    // An HTTP server's own would also end what is idle, and watch no more over timeouts.
    await new Promise((resolve) => Server.prototype.close.call(this.#acceptor, resolve))
  }

  /** Connections that nobody has said anything over: browsers open such ahead of need. */
  #destroySilent(): void {
    for (const socket of this.#sockets) if (socket.bytesRead === 0) socket.destroy()
  }

  #createAcceptor(limits: ClientLimits, transport: Transport): Server {
    const ready = this.#tls
      ? (socket: Socket) => this.#tls!.accept(socket)
      : (socket: Socket) => this.#toHttp1(socket)
    const { proxyProtocol } = transport
    const proxied = proxyProtocol && new ProxiedConnections(proxyProtocol, limits.headers)
    // Node starts to watch over the timeouts of connections when a server listens; this one never does itself.
    this.#http1.server.emit('listening')
    return createServer(
      {
        // A client that leaves during its handshake is gone; once that is done, HTTP/1.x has half-closed connections.
        allowHalfOpen: !transport.tls,
        noDelay: true,
        keepAlive: true,
        keepAliveInitialDelay: limits.tcpKeepAlive
      },
      (socket) => {
        if (proxied) proxied.accept(socket, ready)
        else ready(socket)
      }
    )
  }

  #onSecure(socket: TLSSocket): void {
    if (socket.alpnProtocol === 'h2') {
      this.#http2!.accept(socket)
      return
    }
    socket.allowHalfOpen = true
    this.#toHttp1(socket)
  }

  #toHttp1(socket: Socket): void {
    this.#http1.server.emit('connection', socket)
    if (socket.isPaused()) socket.resume()
  }
}
