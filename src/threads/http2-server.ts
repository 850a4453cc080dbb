import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  constants,
  Http2ServerRequest,
  Http2ServerResponse,
  performServerHandshake,
  type SecureServerOptions,
  type ServerHttp2Session,
  type ServerHttp2Stream
} from 'node:http2'
import type { TLSSocket } from 'node:tls'
import { setExpectsContinue } from '../forwarding/expect.ts'
import { closeOnceSent, readNothing } from '../forwarding/unread-upload.ts'
import { isMethodTaken } from '../routing/http2-checks.ts'
import { PROBLEM_TYPE } from '../problem.ts'
import { rawAnswer, rawDocument } from './client-errors.ts'
import type { ClientConnection } from './client-connection.ts'
import type { ListenerLimits } from './client-limits.ts'
import { conveyFacts, DetachedSocket } from './detached-socket.ts'
import type { RequestDesk } from './request-desk.ts'
import { LINGER, SessionWatch } from './session-watch.ts'

/** `:method`, `:scheme`, `:authority` and `:path`. */
const PSEUDO_FIELDS = 4
/** A cookie may come in crumbs, a field each (RFC 9113 section 8.2.3). */
const MAX_CRUMBS = 100
/** What HTTP/2 counts for each field besides its name and value, in bytes (RFC 9113 section 6.5.2). */
const FIELD_OVERHEAD = 32

/** Bytes that a client may send of one request's body before somebody has read them. */
const STREAM_WINDOW = 256 * 1024
/** Bytes on their way over all streams of a session: what a fast upload over a long line needs. */
const SESSION_WINDOW = 1024 * 1024

/** How long a new session may live on when its listener has moved on before its first request, in milliseconds. */
const PATIENCE = 1_000

/** HTTP/2: takes the requests of client connections that it is given. */
export class Http2Server {
  readonly #desk: RequestDesk
  readonly #limits: ListenerLimits
  readonly #isLeaving: () => boolean
  readonly #options: SecureServerOptions
  readonly #watches = new Set<SessionWatch>()

  /** @param isLeaving - Whether its connections are to end although the listener goes on. */
  constructor(desk: RequestDesk, limits: ListenerLimits, isLeaving: () => boolean) {
    this.#desk = desk
    this.#limits = limits
    this.#isLeaving = isLeaving
    this.#options = sessionOptions(limits)
  }

  /**
   * Speaks HTTP/2.
   *
   * @param socket - The TLS on top of the connection.
   */
  accept(socket: TLSSocket, connection: ClientConnection): void {
    const session = performServerHandshake(new DetachedSocket(socket), this.#options)
    conveyFacts(socket, session)
    session.setLocalWindowSize(SESSION_WINDOW)
    const watch = new SessionWatch(session, connection.socket, this.#limits)
    connection.user = watch
    this.#watches.add(watch)
    socket.once('close', () => this.#watches.delete(watch))
    // Its streams say so too; without a listener it would end the process.
    session.on('error', () => {})
    session.on('stream', (stream, headers, _flags, rawHeaders) => {
      const request = new Http2ServerRequest(stream, headers, {}, rawHeaders)
      const response = new Http2ServerResponse(stream)
      // As Fastify takes them: what both protocols share is all that the rest of the house may use.
      watch.began(stream, response as unknown as ServerResponse)
      this.#onRequest(request, response, rawHeaders)
    })
    if (this.#isLeaving()) closeInTime(session)
  }

  /**
   * Tells clients to go on elsewhere (GOAWAY), if the listener drains or this server leaves. Those that come while it drains
   * are served until it leaves: each GOAWAY refuses the streams that its client is just opening, and a request whose body
   * is on its way can often not be sent again.
   */
  endConnections(): void {
    if (!this.#desk.isDraining && !this.#isLeaving()) return
    for (const { session } of this.#watches) session.close()
  }

  #onRequest(
    request: Http2ServerRequest,
    response: Http2ServerResponse,
    rawHeaders: readonly string[]
  ): void {
    const { stream } = request
    if (stream.destroyed) return
    closeAlways(response, stream)
    readNothing(stream)
    // Tunnels, WebSocket's of RFC 8441 included, are not for a gateway, and no method that Fastify does not know.
    if (!isMethodTaken(request.method)) {
      this.#refuse(stream, 501, 'method_not_implemented')
      return
    }
    if (sizeOf(rawHeaders) > this.#limits.maxHeaderSize) {
      this.#refuse(stream, 431, 'header_overflow')
      return
    }
    if (request.headers.expect?.toLowerCase() === '100-continue')
      setExpectsContinue(request as unknown as IncomingMessage)
    this.#desk.enter(response as unknown as ServerResponse).serve()
  }

  /** Answers what is no request for the app; the session goes on. */
  #refuse(stream: ServerHttp2Stream, status: number, reason: string): void {
    const answer = rawAnswer(status, reason, stream.session?.socket.remoteAddress)
    const body = rawDocument(answer)
    stream.respond({
      ':status': status,
      'content-type': PROBLEM_TYPE,
      'x-request-id': answer.requestId,
      'content-length': Buffer.byteLength(body)
    })
    // Node has ended that of a HEAD already.
    if (stream.writable) stream.end(body)
    this.#desk.onRawAnswer(answer)
    // Nobody reads what the client still sends, and what goes through a tunnel has no end.
    stream.once('finish', () => closeOnceSent(stream))
    const timer = setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), LINGER)
    stream.once('close', () => clearTimeout(timer))
  }
}

/** Who has connected has something to ask. */
function closeInTime(session: ServerHttp2Session): void {
  const timer = setTimeout(() => session.close(), PATIENCE)
  session.once('close', () => clearTimeout(timer))
}

/** Memory and work that one session can make for the gateway. */
function sessionOptions({ maxHeaders, maxHeaderSize }: ListenerLimits): SecureServerOptions {
  // One more than there may be: what is too many is counted and answered.
  const maxPairs = PSEUDO_FIELDS + maxHeaders + MAX_CRUMBS + 1
  return {
    settings: {
      maxConcurrentStreams: 100,
      initialWindowSize: STREAM_WINDOW,
      // Twice what is taken, so that one that is too large is answered: beyond this, Node resets its stream.
      maxHeaderListSize: 2 * maxHeaderSize + maxPairs * FIELD_OVERHEAD,
      enablePush: false,
      enableConnectProtocol: false
    },
    maxHeaderListPairs: maxPairs,
    // A backend's response may repeat what is defined to come once: that is not for us to judge.
    strictSingleValueFields: false,
    maxSessionMemory: 10,
    maxSessionInvalidFrames: 100,
    maxSessionRejectedStreams: 100,
    // CVE-2023-44487: streams that are opened only to be reset.
    streamResetBurst: 100,
    streamResetRate: 33
  }
}

/** Node forgets to close the response to a HEAD whose stream breaks before it is answered. */
function closeAlways(response: Http2ServerResponse, stream: ServerHttp2Stream): void {
  let isClosed = false
  response.once('close', () => (isClosed = true))
  stream.once('close', () => {
    if (!isClosed) response.emit('close')
  })
}

/** Bytes of the names and values of a header. Clients that acknowledge no SETTINGS are held to nothing by Node. */
function sizeOf(rawHeaders: readonly string[]): number {
  let size = 0
  for (const text of rawHeaders) size += text.length
  return size
}
