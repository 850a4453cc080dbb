import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { badRequest, PROBLEM_TYPE, problem, type ProblemError } from '../problem.ts'
import { checkMessage } from '../routing/message-checks.ts'
import { requestIds } from '../telemetry/request-id.ts'
import { RequestTrace } from '../telemetry/request-trace.ts'
import { answerClientError, answerRaw, type RawAnswerObserver } from './client-errors.ts'
import { type ListenerLimits, OWN_LIMITS } from './client-limits.ts'
import { closeInStages } from './close-in-stages.ts'
import type { ListenAddress, Redirect } from './messages.ts'

/** Time a client has for a request's head, in milliseconds: it is the only thing it is here for. */
const HEADERS_TIMEOUT = 5_000
/** How late that may fire, in milliseconds. */
const CHECK_INTERVAL = 1_000
/** How long a client that is answered already may take to read that when the listener ends, in milliseconds. */
const PATIENCE = 1_000

/** The port of `https:`, which needs no mention (RFC 9110 section 4.2.2). */
const DEFAULT_PORT = 443

const nextId = requestIds()

/**
 * A plain listener that answers every request with 308 (RFC 9110 section 15.4.9): the same by HTTPS, with the same method.
 * Each connection gets one answer, and no body is waited for.
 */
export class RedirectListener {
  readonly #observe: RawAnswerObserver
  readonly #sockets = new Map<Server, Set<Socket>>()
  #server: Server | undefined
  #address: ListenAddress | undefined
  #limits = OWN_LIMITS
  #httpsPort = DEFAULT_PORT

  /** @param observe - Told of every answer. */
  constructor(observe: RawAnswerObserver = () => {}) {
    this.#observe = observe
  }

  /** Listens there, elsewhere no longer; undefined = nowhere. Where it listens already it is left alone. */
  async listen(redirect: Redirect | undefined): Promise<void> {
    const { host, port, reusePort } = redirect?.address ?? {}
    if (redirect) {
      this.#httpsPort = redirect.httpsPort
      this.#limits = redirect.address.limits
      if (this.#server) applyLimits(this.#server, this.#limits)
    }
    if (this.#address?.host === host && this.#address?.port === port) return
    if (this.#server) void this.#retire(this.#server, PATIENCE)
    this.#server = undefined
    this.#address = undefined
    if (!redirect) return
    const server = this.#createServer()
    server.listen({ host, port, reusePort })
    await once(server, 'listening')
    this.#server = server
    this.#address = redirect.address
  }

  /** Stops; what is under way is answers that have been written already. @param timeout - Milliseconds to wait. */
  async stop(timeout: number): Promise<void> {
    const servers = [...this.#sockets.keys()]
    await Promise.all(servers.map((server) => this.#retire(server, Math.min(timeout, PATIENCE))))
  }

  #createServer(): Server {
    const server = createServer({
      headersTimeout: HEADERS_TIMEOUT,
      // A body that nobody waits for is not late.
      requestTimeout: 0,
      connectionsCheckingInterval: CHECK_INTERVAL,
      // Refused by our own checks, with a problem document.
      requireHostHeader: false,
      // Every request is answered the same, whatever protocol it asks for.
      shouldUpgradeCallback: () => false
    })
    applyLimits(server, this.#limits)
    // A connection that could not be accepted, such as for want of descriptors, must not end the thread.
    server.on('error', () => {})
    const sockets = new Set<Socket>()
    this.#sockets.set(server, sockets)
    server.once('close', () => this.#sockets.delete(server))
    const requests = new WeakMap<Socket, IncomingMessage>()
    server.on('connection', (socket) => {
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
      closeInStages(socket, () => requests.get(socket))
    })
    const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
      // Node still parses what comes behind a request whose answer ends the connection.
      if (requests.has(request.socket)) return
      requests.set(request.socket, request)
      this.#answer(request, response)
    }
    for (const event of ['request', 'checkContinue', 'checkExpectation']) server.on(event, onRequest)
    server.on('connect', (_request, socket) => {
      // Node has let go of it: without a listener, a reset would end the process.
      socket.on('error', () => socket.destroy())
      answerRaw(socket, 400, 'target_invalid', this.#observe)
    })
    server.on('clientError', (error, socket) => {
      // One that has its answer gets no second one: what is wrong is behind it.
      if (requests.has(socket as Socket)) socket.destroy()
      else answerClientError(error, socket, this.#observe)
    })
    return server
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const requestId = nextId(request.headers)
    const problem = checkMessage(request, this.#limits.maxHeaders) ?? checkTarget(request)
    response.setHeader('X-Request-Id', requestId)
    response.setHeader('Connection', 'close')
    if (problem) refuse(response, problem, requestId)
    else {
      const port = this.#httpsPort === DEFAULT_PORT ? '' : `:${this.#httpsPort}`
      const location = `https://${withoutPort(request.headers.host ?? '')}${port}${request.url}`
      response.writeHead(308, { Location: location, 'Content-Length': 0 }).end()
    }
    const { remoteAddress } = request.socket
    this.#observe({
      requestId,
      traceId: new RequestTrace(request.headers).traceId,
      status: problem?.statusCode ?? 308,
      reason: problem?.reason ?? 'redirect',
      remoteAddress
    })
  }

  /** Lets go of the connections: at once of those that have sent nothing, of the others after a while. */
  async #retire(server: Server, patience: number): Promise<void> {
    const sockets = this.#sockets.get(server) ?? new Set()
    const closed = once(server, 'close')
    server.close()
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy()
    const timer = setTimeout(() => {
      for (const socket of sockets) socket.destroy()
    }, patience)
    await closed
    clearTimeout(timer)
  }
}

/** Node reads these anew for every connection. */
function applyLimits(server: Server, { maxHeaderSize, maxHeaders, maxConnections }: ListenerLimits): void {
  // There is no public name for changing it.
  Object.assign(server, { maxHeaderSize })
  // One more than there may be: what is too many is counted and answered.
  server.maxHeadersCount = maxHeaders + 1
  server.maxConnections = maxConnections
}

/** A redirect needs a place to go to. */
function checkTarget({ url, headers }: IncomingMessage): ProblemError | undefined {
  if (headers.host === undefined) return badRequest('host_count', 'A request must have exactly one Host.')
  if (url?.startsWith('/') !== true) return badRequest('target_invalid', 'The request target is not valid.')
  return undefined
}

function refuse(response: ServerResponse, error: ProblemError, requestId: string): void {
  const body = JSON.stringify(problem(error.statusCode, error.message, requestId))
  response.writeHead(error.statusCode, {
    'Content-Type': PROBLEM_TYPE,
    'Content-Length': Buffer.byteLength(body)
  })
  response.end(body)
}

/** The host of a Host field, as it was written; an IPv6 address keeps its brackets. */
function withoutPort(host: string): string {
  return host.replace(/:\d*$/, '')
}
