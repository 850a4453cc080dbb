import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { setExpectsContinue } from '../forwarding/expect.ts'
import { MAX_HEADERS } from '../routing/message-checks.ts'
import { setPendingUpgrade, writeHead } from '../forwarding/upgrade.ts'
import {
  answerClientError,
  answerRaw,
  endAnswered,
  type RawAnswerObserver,
  responseUnderWay
} from './client-errors.ts'
import { closeInStages } from './close-in-stages.ts'
import type { Generation } from './generation.ts'
import type { ListenAddress } from './messages.ts'
import { Turns } from './turns.ts'

/** Time a client has for a request's head, in milliseconds. */
const HEADERS_TIMEOUT = 10_000
/** Time an idle client connection is kept, in milliseconds: longer than the 60 s of usual balancers in front. */
const KEEP_ALIVE_TIMEOUT = 72_000
/** Largest header of a request, in bytes. */
const MAX_HEADER_SIZE = 16 * 1024
/** Silence after which a client is asked whether it is still there, in milliseconds. */
const TCP_KEEP_ALIVE = 60_000
/** How late such a timeout may fire, in milliseconds. */
const CHECK_INTERVAL = 1_000
/** How long a client that has finished sending waits undisturbed, in milliseconds: most answers come sooner. */
const HALF_CLOSE_PATIENCE = 30
/** How long a client whose upgrade was refused may take to close its side, in milliseconds. */
const REFUSED_PATIENCE = 1_000
/** How often a stop looks for connections that have become idle, in milliseconds. */
const IDLE_SWEEP_INTERVAL = 50

/**
 * A listener: a plain HTTP server that outlives the generations behind it, so that a reload touches no connection.
 * Each thread of the data plane has one, and the admin API another.
 */
export class Listener {
  readonly #responses = new Set<ServerResponse>()
  /** The requests of each client connection. */
  readonly #turns = new WeakMap<Duplex, Turns>()
  /** Both ends of every upgraded connection. */
  readonly #joined = new Set<Duplex>()
  /** Those that listened elsewhere and still have connections. */
  readonly #leaving = new Set<Server>()
  #server: Server | undefined
  #address: ListenAddress | undefined
  #generation: Generation | undefined
  #draining = false
  readonly #onRawAnswer: RawAnswerObserver

  /** @param onRawAnswer - Told of the answers to what never became a request. */
  constructor(onRawAnswer: RawAnswerObserver = () => {}) {
    this.#onRawAnswer = onRawAnswer
  }

  /** Hands all requests from now on to this generation. */
  serve(generation: Generation): void {
    this.#generation = generation
  }

  /** Listens at an address; a server that listened elsewhere ends once its requests have. */
  async listen(address: ListenAddress): Promise<void> {
    const { host, port, reusePort } = address
    if (this.#address?.host === host && this.#address.port === port) return
    const before = { server: this.#server, address: this.#address }
    const server = this.#createServer()
    this.#server = server
    this.#address = address
    try {
      server.listen({ host, port, reusePort })
      await once(server, 'listening')
    } catch (error) {
      this.#server = before.server
      this.#address = before.address
      throw error
    }
    if (before.server) this.#retire(before.server)
  }

  /** From now on every response closes its connection. */
  drain(): void {
    this.#draining = true
    this.#endConnections()
  }

  /**
   * Stops accepting, waits for what is in flight, destroys what is left.
   *
   * @param timeout - Milliseconds to wait.
   * @returns How many requests and upgraded connections were cut.
   */
  async stop(timeout: number): Promise<number> {
    this.drain()
    if (this.#server) this.#retire(this.#server)
    await Promise.race([this.#allEnded(), elapsed(timeout)])
    const cut = this.#responses.size + Math.ceil(this.#joined.size / 2)
    for (const socket of this.#joined) socket.destroy()
    const closed = [...this.#leaving].map((server) => once(server, 'close'))
    for (const server of this.#leaving) server.closeAllConnections()
    await Promise.all(closed)
    return cut
  }

  /** Lets a server's requests end, and their connections with them. */
  #retire(server: Server): void {
    this.#leaving.add(server)
    // A response that has begun has promised to keep its connection.
    const sweep = setInterval(() => server.closeIdleConnections(), IDLE_SWEEP_INTERVAL)
    server.close(() => {
      clearInterval(sweep)
      this.#leaving.delete(server)
    })
    this.#endConnections()
  }

  #endConnections(): void {
    for (const response of this.#responses) {
      if (!response.headersSent && this.#isEnding(response)) response.shouldKeepAlive = false
    }
  }

  /** Whether a response's connection takes no further request. */
  #isEnding({ req: { socket } }: ServerResponse): boolean {
    const { server } = socket as Socket & { server?: Server }
    return this.#draining || server !== this.#server
  }

  #createServer(): Server {
    const server = createServer({
      headersTimeout: HEADERS_TIMEOUT,
      // A body that moves may take its time; one that does not is the route's idle timeout's affair.
      requestTimeout: 0,
      // A client that lost its power says nothing.
      keepAlive: true,
      keepAliveInitialDelay: TCP_KEEP_ALIVE,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT,
      connectionsCheckingInterval: CHECK_INTERVAL,
      maxHeaderSize: MAX_HEADER_SIZE,
      // Refused by our own checks, with a problem document.
      requireHostHeader: false,
      shouldUpgradeCallback: isForwardedUpgrade
    })
    // One more than there may be: what is too many is counted, not dropped, on every version of Node.
    server.maxHeadersCount = MAX_HEADERS + 1
    // A client that has said all it has to say still gets its answer.
    Object.assign(server, { httpAllowHalfOpen: true })
    server.on('connection', (socket) => {
      const turns = new Turns(socket)
      this.#turns.set(socket, turns)
      closeInStages(socket, () => turns.last?.req)
      socket.once('end', () => this.#onHalfClose(socket))
    })
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
      answerRaw(socket, 501, 'method_not_implemented', this.#onRawAnswer)
    })
    server.on('clientError', (error, socket) => {
      const last = this.#turns.get(socket)?.last
      if (last?.writableFinished && !last.req.complete) endAnswered(socket)
      else answerClientError(error, socket, this.#onRawAnswer)
    })
    return server
  }

  /** @returns Counts the request out of its generation before its response is over. */
  #onRequest(request: IncomingMessage, response: ServerResponse): () => void {
    // Node still parses what comes behind a response that ends the connection.
    if (!request.socket.writable) return () => {}
    const generation = this.#generation!
    const leave = generation.enter()
    this.#responses.add(response)
    // Behind an Upgrade that is not followed, Node loses the rest of a packet: what comes next can't be trusted.
    if (this.#isEnding(response) || request.headers.upgrade !== undefined) response.shouldKeepAlive = false
    response.once('close', () => {
      this.#responses.delete(response)
      leave()
    })
    this.#turns.get(request.socket)!.take(response, () => generation.handle(request, response))
    return leave
  }

  /**
   * A client that has left looks like one that has only finished sending, until something is sent to it. In the midst
   * of a response it is taken for gone. Before, it is asked with an interim response, which one that has left answers
   * with a reset, and one that waits has to ignore (RFC 9110 section 15.2).
   */
  #onHalfClose(socket: Socket): void {
    const last = this.#turns.get(socket)?.last
    // Node's parser says so itself, but for a request whose Upgrade is not followed.
    if (last && this.#responses.has(last) && !last.req.complete) {
      answerRaw(socket, 400, 'incomplete', this.#onRawAnswer)
    }
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
    }, HALF_CLOSE_PATIENCE)
    response.once('close', () => clearInterval(timer))
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
    let leave: () => void = () => {}
    setPendingUpgrade(request, {
      socket,
      head,
      onJoined: (backend) => {
        // A joined socket lives for hours: it must not keep an old generation alive.
        this.#responses.delete(response)
        leave()
        for (const side of [socket, backend]) {
          this.#joined.add(side)
          side.once('close', () => this.#joined.delete(side))
        }
      }
    })
    leave = this.#onRequest(request, response)
  }

  async #allEnded(): Promise<void> {
    while (this.#leaving.size > 0 || this.#responses.size > 0 || this.#joined.size > 0)
      await elapsed(IDLE_SWEEP_INTERVAL)
  }
}

/**
 * Whether a request's Upgrade is passed on. h2c is not, be it one of several choices (RFC 9113 section 3.1 has withdrawn
 * it); HTTP/1.0 has none (RFC 9110 section 7.8); what comes with a body can't be told from the new protocol's bytes; and
 * a connection that still owes responses can't be given away. All are answered as ordinary requests.
 */
function isForwardedUpgrade({ headers, httpVersion, socket }: IncomingMessage): boolean {
  const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
  const isPossible = httpVersion === '1.1' && !hasBody && !responseUnderWay(socket)
  return isPossible && !/(?:^|,)\s*h2c\s*(?:[,/]|$)/i.test(headers.upgrade ?? '')
}

/** Ends the connection of an upgrade that was not granted: what the client has sent for the other protocol is lost. */
function endRefused(socket: Duplex): void {
  const timer = setTimeout(() => socket.destroy(), REFUSED_PATIENCE)
  socket.once('close', () => clearTimeout(timer))
  socket.resume()
  socket.end()
}

function elapsed(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds)
  })
}
