import type { Duplex } from 'node:stream'
import { PROBLEM_TYPE, problem } from '../problem.ts'
import { requestIds } from '../telemetry/request-id.ts'

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
}

/** A request line that is well formed, whatever its method. */
const REQUEST_LINE = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+ \S+ HTTP\/1\.[01]\r\n/

/** Node's parser knows a list of methods; a request with another one is not wrong, only beyond us (RFC 9110 15.6.2). */
function isUnknownMethod({ code, rawPacket }: ClientError): boolean {
  return code === 'HPE_INVALID_METHOD' && REQUEST_LINE.test(rawPacket?.toString('latin1') ?? '')
}

/** A server's `clientError` listener: the client gets a problem document, and the connection ends. */
export function answerClientError(error: ClientError, socket: Duplex): void {
  // A reset has nobody left to read; a response under way would be corrupted.
  if (!socket.writable || error.code === 'ECONNRESET' || hasResponseUnderWay(socket)) {
    socket.destroy()
    return
  }
  answerRaw(socket, isUnknownMethod(error) ? 501 : (STATUS[error.code ?? ''] ?? 400))
}

/** Answers on a bare socket, for a request that never became one, and ends the connection. */
export function answerRaw(socket: Duplex, status: number): void {
  const id = nextId({})
  const document = problem(status, DETAIL[status] ?? '', id)
  const body = JSON.stringify(document)
  socket.end(
    `HTTP/1.1 ${status} ${document.title}\r\nContent-Type: ${PROBLEM_TYPE}\r\nX-Request-Id: ${id}\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`
  )
}

/** Node keeps the response that a socket is busy with in `_httpMessage`; there is no public name for it. */
function hasResponseUnderWay(socket: Duplex & { _httpMessage?: { headersSent: boolean } }): boolean {
  return socket._httpMessage?.headersSent === true
}
