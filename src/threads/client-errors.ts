import { type ServerResponse, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { PROBLEM_TYPE, problem } from '../problem.ts'
import { blameClient, TOO_SLOW } from '../slow-reader.ts'
import { requestIds } from '../telemetry/request-id.ts'
import { newTraceId } from '../telemetry/trace-ids.ts'

const nextId = requestIds()

/** Statuses of what goes wrong before there is a request, by Node's error code; all else is a bad request. */
const STATUS: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408
}

const DETAIL: Readonly<Record<number, string>> = {
  400: 'This is not a valid HTTP request.',
  408: 'The request did not arrive in time.',
  413: 'The request is too large.',
  431: 'The header of the request is too large.',
  501: 'This method is not implemented.'
}

/** What Node says of a request that it could not parse. */
interface ClientError extends Error {
  readonly code?: string
  readonly rawPacket?: Buffer
  /** How much of the packet came before the error. */
  readonly bytesParsed?: number
}

/** An answer to what never became a request, for the log and the counters. */
export interface RawAnswer {
  readonly requestId: string
  readonly traceId: string
  readonly status: number
  /** What Node's parser calls the error, in lower case; or a word of our own. */
  readonly reason: string
  readonly remoteAddress: string | undefined
}

/** Told once of every such answer. */
export type RawAnswerObserver = (answer: RawAnswer) => void

/** How long what a client still sends is read after the answer to an error, in milliseconds: a reset would take the answer from it. */
const LINGER = 1_000

/** What an end amid a request is called, by Node's parser and by us. */
const CUT_OFF: ReadonlySet<string> = new Set(['hpe_invalid_eof_state', 'incomplete'])

/** Connections that have got the answer to an error; Node's parser says it again with every packet. */
const answered = new WeakSet<Duplex>()

/** A request line that is well formed, whatever its method. */
const REQUEST_LINE = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+ \S+ HTTP\/1\.[01]\r\n/

/** Node's parser knows a list of methods; a request with another one is not wrong, only beyond us (RFC 9110 15.6.2). */
function isUnknownMethod({ code, rawPacket, bytesParsed = 0 }: ClientError): boolean {
  if (code !== 'HPE_INVALID_METHOD') return false
  const text = rawPacket?.toString('latin1') ?? ''
  return REQUEST_LINE.test(text.slice(text.lastIndexOf('\n', bytesParsed) + 1))
}

/**
 * A server's `clientError` listener: the client gets a problem document, after the responses that it waits for, and
 * the connection ends.
 */
export function answerClientError(error: ClientError, socket: Duplex, observe: RawAnswerObserver): void {
  // A reset has nobody left to read, and TLS that is broken nobody who could.
  if (error.code === 'ECONNRESET' || /^ERR_(?:SSL|TLS)_/.test(error.code ?? '')) socket.destroy()
  else if (isUnknownMethod(error)) answerRaw(socket, 501, 'method_not_implemented', observe)
  else
    answerRaw(socket, STATUS[error.code ?? ''] ?? 400, (error.code ?? 'bad_request').toLowerCase(), observe)
}

/** Answers on a bare socket, for a request that never became one, when its turn comes, and ends the connection. */
export function answerRaw(socket: Duplex, status: number, reason: string, observe: RawAnswerObserver): void {
  if (answered.has(socket)) return
  answered.add(socket)
  answerInTurn(socket, rawAnswer(status, reason, remoteAddressOf(socket)), observe)
}

/** Makes an answer to what never became a request, with an id of its own. */
export function rawAnswer(status: number, reason: string, remoteAddress: string | undefined): RawAnswer {
  return { requestId: nextId({}), traceId: newTraceId(), status, reason, remoteAddress }
}

/** The problem document that the client gets of it. */
export function rawDocument({ status, requestId }: RawAnswer): string {
  return JSON.stringify(problem(status, DETAIL[status] ?? '', requestId))
}

/** Ends a connection whose client has got its answer before its request was found to be wrong. */
export function endAnswered(socket: Duplex): void {
  if (answered.has(socket)) return
  answered.add(socket)
  socket.end()
  linger(socket)
}

function answerInTurn(socket: Duplex, answer: RawAnswer, observe: RawAnswerObserver): void {
  const current = responseUnderWay(socket)
  // A request that came whole has nothing to do with the error.
  if (current?.req.complete && !socket.destroyed) {
    current.once('close', () => answerInTurn(socket, answer, observe))
    return
  }
  if (socket.destroyed || socket.writableEnded) return
  const { status, reason } = answer
  // One that ends amid its request has left, as far as anybody can tell.
  if (current && !CUT_OFF.has(reason)) blameClient(current, status === 408 ? TOO_SLOW : { status, reason })
  // One that is wrong in its body can't be told so any more once its response has begun.
  if (current?.headersSent) {
    socket.destroy()
    return
  }
  if (current) giveUp(current, socket)
  // Whoever has the request in hand has named it, and tells of it.
  const known = current?.getHeader('x-request-id')
  const requestId = typeof known === 'string' ? known : answer.requestId
  const body = rawDocument({ ...answer, requestId })
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: ${PROBLEM_TYPE}\r\nX-Request-Id: ${requestId}\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`
  )
  if (known === undefined) observe(answer)
  linger(socket)
}

function remoteAddressOf(socket: Duplex & { remoteAddress?: string }): string | undefined {
  return socket.remoteAddress
}

/** The response that a socket is busy with, which Node keeps in `_httpMessage`; there is no public name for it. */
export function responseUnderWay(
  socket: Duplex & { _httpMessage?: ServerResponse | null }
): ServerResponse | undefined {
  return socket._httpMessage ?? undefined
}

/** Whoever works for a request learns that it has come to nothing. */
function giveUp(response: ServerResponse, socket: Duplex): void {
  response.detachSocket(socket as Parameters<ServerResponse['detachSocket']>[0])
  response.destroyed = true
  response.emit('close')
}

/** Ends a connection: what the client still sends is thrown away until it ends its side, but not for long. */
export function linger(socket: Duplex): void {
  const timer = setTimeout(() => socket.destroy(), LINGER)
  socket.once('close', () => clearTimeout(timer))
  socket.resume()
}
