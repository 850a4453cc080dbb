import { createServer, type IncomingMessage, type Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { setExpectsContinue } from '../forwarding/expect.ts'
import { setPendingUpgrade } from '../forwarding/upgrade.ts'
import { hasBody } from '../raw-messages.ts'
import { answerClientError, answerRaw, endAnswered, linger, responseUnderWay } from './client-errors.ts'
import type { ClientConnection } from './client-connection.ts'
import { checkInterval, type ListenerLimits } from './client-limits.ts'
import { closeInStages } from './close-in-stages.ts'
import { askWhetherGone } from './half-close.ts'
import type { RequestDesk } from './request-desk.ts'
import { Turns } from './turns.ts'
import type { Visit } from './visit.ts'

/** HTTP/1.x: takes the requests of client connections, whether it accepts these itself or is given them. */
export class Http1Server {
  readonly server: Server
  readonly #desk: RequestDesk
  readonly #isLeaving: () => boolean
  readonly #limits: ListenerLimits
  /** The requests of each client connection. */
  readonly #turns = new WeakMap<Duplex, Turns>()

  /** @param isLeaving - Whether its connections are to end although the listener goes on. */
  constructor(desk: RequestDesk, limits: ListenerLimits, isLeaving: () => boolean) {
    this.#desk = desk
    this.#limits = limits
    this.#isLeaving = isLeaving
    this.server = createServer({
      headersTimeout: limits.headersTimeout,
      requestTimeout: limits.requestTimeout,
      keepAliveTimeout: limits.keepAliveTimeout,
      connectionsCheckingInterval: checkInterval(limits),
      maxHeaderSize: limits.maxHeaderSize,
      // Refused by our own checks, with a problem document.
      requireHostHeader: false,
      shouldUpgradeCallback: isForwardedUpgrade
    })
    // One more than there may be: what is too many is counted, not dropped, on every version of Node.
    this.server.maxHeadersCount = limits.maxHeaders + 1
    // A client that has said all it has to say still gets its answer.
    Object.assign(this.server, { httpAllowHalfOpen: true })
    this.#listen()
    // Node starts to watch over the timeouts of connections when a server listens; this one never does itself.
    this.server.emit('listening')
  }

  /**
   * Speaks HTTP on a connection.
   *
   * @param socket - The connection itself, or the TLS on top of it.
   */
  accept(socket: Socket, connection: ClientConnection): void {
    const turns = new Turns(socket, connection.socket, this.#limits)
    connection.user = turns
    this.#turns.set(socket, turns)
    this.server.emit('connection', socket)
    closeInStages(socket, () => turns.last?.response.req)
    socket.once('end', () => this.#onHalfClose(socket))
    if (socket.isPaused()) socket.resume()
  }

  /** From now on every response ends its connection, if the listener drains or this server leaves. */
  endConnections(): void {
    for (const { response } of this.#desk.visits) {
      if (!(response instanceof ServerResponse) || response.headersSent) continue
      const { server } = response.req.socket as Socket & { server?: Server }
      if (server === this.server && this.#isEnding()) response.shouldKeepAlive = false
    }
  }

  #isEnding(): boolean {
    return this.#desk.isDraining || this.#isLeaving()
  }

  #listen(): void {
    const { server } = this
    server.on('request', (request, response) => this.#onRequest(request, response))
    server.on('upgrade', (request, socket, head) => this.#onUpgrade(request, socket, head))
    server.on('checkContinue', (request, response) => {
      setExpectsContinue(request)
      this.#onRequest(request, response)
    })
    server.on('checkExpectation', (request, response) => this.#onRequest(request, response))
    server.on('connect', (_request, socket) => {
      // Node has let go of it: without a listener, a reset would end the process.
      socket.on('error', () => socket.destroy())
      answerRaw(socket, 501, 'method_not_implemented', this.#desk.onRawAnswer)
    })
    server.on('clientError', (error, socket) => {
      const turns = this.#turns.get(socket)
      const last = turns?.last?.response
      // Opened ahead of need, and never used: there is nothing to answer.
      if (isTimeout(error) && (socket as Socket).bytesRead === 0) {
        socket.destroy()
        return
      }
      // A head of which the rest is not read yet; it comes, or its connection is idle in the end.
      if (isTimeout(error) && turns?.isPaused && last?.req.complete) return
      if (last?.writableFinished && !last.req.complete) endAnswered(socket)
      else answerClientError(error, socket, this.#desk.onRawAnswer)
    })
  }

  /** @returns Undefined when it is not served. */
  #onRequest(request: IncomingMessage, response: ServerResponse): Visit | undefined {
    // Node still parses what comes behind a response that ends the connection.
    if (!request.socket.writable) return undefined
    const visit = this.#desk.enter(response)
    // Behind an Upgrade that is not followed, Node loses the rest of a packet: what comes next can't be trusted.
    if (this.#isEnding() || request.headers.upgrade !== undefined) response.shouldKeepAlive = false
    this.#turns.get(request.socket)!.take(visit)
    return visit
  }

  #onHalfClose(socket: Socket): void {
    const last = this.#turns.get(socket)?.last
    // Node's parser says so itself, but for a request whose Upgrade is not followed.
    if (last && !last.isOver && !last.response.req.complete) {
      answerRaw(socket, 400, 'incomplete', this.#desk.onRawAnswer)
    }
    askWhetherGone(socket)
  }

  #onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy())
    const response = new ServerResponse(request)
    response.shouldKeepAlive = false
    response.assignSocket(socket as Socket)
    // The server that would say so has let go of the socket.
    socket.on('drain', () => response.emit('drain'))
    response.once('finish', () => {
      endRefused(socket)
      // No server knows this response, so nobody else says that it is over.
      response.detachSocket(socket as Socket)
      process.nextTick(() => response.emit('close'))
    })
    let visit: Visit | undefined
    setPendingUpgrade(request, {
      socket,
      head,
      onJoined: (backend) => {
        this.#desk.join(visit!, [socket, backend])
      }
    })
    visit = this.#onRequest(request, response)
  }
}

/**
 * Whether a request's Upgrade is passed on. h2c is not, be it one of several choices (RFC 9113 section 3.1 has withdrawn
 * it); HTTP/1.0 has none (RFC 9110 section 7.8); what comes with a body can't be told from the new protocol's bytes; and
 * a connection that still owes responses can't be given away. All are answered as ordinary requests.
 */
function isForwardedUpgrade(request: IncomingMessage): boolean {
  const { headers, httpVersion, socket } = request
  const isPossible = httpVersion === '1.1' && !hasBody(request) && !responseUnderWay(socket)
  return isPossible && !/(?:^|,)\s*h2c\s*(?:[,/]|$)/i.test(headers.upgrade ?? '')
}

function isTimeout(error: NodeJS.ErrnoException): boolean {
  return error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
}

/** Ends the connection of an upgrade that was not granted: what the client has sent for the other protocol is lost. */
function endRefused(socket: Duplex): void {
  linger(socket)
  socket.end()
}
