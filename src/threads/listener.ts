import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { setExpectsContinue } from '../forwarding/expect.ts'
import { setPendingUpgrade, writeHead } from '../forwarding/upgrade.ts'
import { answerClientError, answerRaw } from './client-errors.ts'
import type { Generation } from './generation.ts'
import type { ListenAddress } from './messages.ts'

/** Time a client has for a request's head, in milliseconds. */
const HEADERS_TIMEOUT = 10_000
/** Time an idle client connection is kept, in milliseconds: longer than the 60 s of usual balancers in front. */
const KEEP_ALIVE_TIMEOUT = 72_000
/** Largest header of a request, in bytes and in fields. */
const MAX_HEADER_SIZE = 16 * 1024
const MAX_HEADERS = 100
/** How late such a timeout may fire, in milliseconds. */
const CHECK_INTERVAL = 1_000
/** How long a client that has finished sending waits undisturbed, in milliseconds: most answers come sooner. */
const HALF_CLOSE_PATIENCE = 30
/** How often a stop looks for connections that have become idle, in milliseconds. */
const IDLE_SWEEP_INTERVAL = 50

/**
 * The public listener of one thread: a plain HTTP server that outlives the generations behind it, so that a
 * reload touches no connection.
 */
export class PublicListener {
  readonly #responses = new Set<ServerResponse>()
  /** The last response that each client connection was given. */
  readonly #current = new WeakMap<Duplex, ServerResponse>()
  /** Both ends of every upgraded connection. */
  readonly #joined = new Set<Duplex>()
  #server: Server | undefined
  #address: ListenAddress | undefined
  #generation: Generation | undefined
  #draining = false

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
    before.server?.close()
  }

  /** From now on every response closes its connection. */
  drain(): void {
    this.#draining = true
    for (const response of this.#responses) if (!response.headersSent) response.shouldKeepAlive = false
  }

  /**
   * Stops accepting, waits for what is in flight, destroys what is left.
   *
   * @param timeout - Milliseconds to wait.
   * @returns How many requests and upgraded connections were cut.
   */
  async stop(timeout: number): Promise<number> {
    this.drain()
    const server = this.#server
    if (!server) return 0
    const closed = new Promise<void>((resolve) => {
      server.close(() => resolve())
    })
    const sweep = setInterval(() => server.closeIdleConnections(), IDLE_SWEEP_INTERVAL)
    await Promise.race([Promise.all([closed, this.#allEnded()]), elapsed(timeout)])
    clearInterval(sweep)
    const cut = this.#responses.size + this.#joined.size / 2
    for (const socket of this.#joined) socket.destroy()
    server.closeAllConnections()
    await closed
    return cut
  }

  #createServer(): Server {
    const server = createServer({
      headersTimeout: HEADERS_TIMEOUT,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT,
      connectionsCheckingInterval: CHECK_INTERVAL,
      maxHeaderSize: MAX_HEADER_SIZE,
      // Refused by our own checks, with a problem document.
      requireHostHeader: false,
      shouldUpgradeCallback: isForwardedUpgrade
    })
    server.maxHeadersCount = MAX_HEADERS
    // A client that has said all it has to say still gets its answer.
    Object.assign(server, { httpAllowHalfOpen: true })
    server.on('connection', (socket) => socket.once('end', () => this.#onHalfClose(socket)))
    server.on('request', (request, response) => this.#onRequest(request, response))
    server.on('upgrade', (request, socket, head) => this.#onUpgrade(request, socket, head))
    server.on('checkContinue', (request, response) => {
      setExpectsContinue(request)
      this.#onRequest(request, response)
    })
    server.on('checkExpectation', (request, response) => this.#onRequest(request, response))
    server.on('connect', (_request, socket) => answerRaw(socket, 501))
    server.on('clientError', answerClientError)
    return server
  }

  /** @returns Counts the request out of its generation before its response is over. */
  #onRequest(request: IncomingMessage, response: ServerResponse): () => void {
    const generation = this.#generation!
    const leave = generation.enter()
    this.#responses.add(response)
    this.#current.set(request.socket, response)
    if (this.#draining) response.shouldKeepAlive = false
    response.once('close', () => {
      this.#responses.delete(response)
      leave()
    })
    generation.handle(request, response)
    return leave
  }

  /**
   * A client that has left looks like one that has only finished sending, until something is sent to it. In the midst
   * of a response it is taken for gone. Before, it is asked with an interim response, which one that has left answers
   * with a reset, and one that waits has to ignore (RFC 9110 section 15.2).
   */
  #onHalfClose(socket: Socket): void {
    const response = this.#current.get(socket)
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
    response.once('finish', () => socket.end())
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
    while (this.#responses.size > 0 || this.#joined.size > 0) await elapsed(IDLE_SWEEP_INTERVAL)
  }
}

/**
 * Whether a request's Upgrade is passed on. h2c is not (RFC 9113 section 3.1 has withdrawn it), and what comes with a body
 * can't be told from the new protocol's bytes: both are answered as ordinary requests.
 */
function isForwardedUpgrade({ headers }: IncomingMessage): boolean {
  const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
  return !hasBody && !/^\s*h2c\s*$/i.test(headers.upgrade ?? '')
}

function elapsed(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds)
  })
}
