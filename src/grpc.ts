import type { IncomingMessage } from 'node:http'
import { http2Stream } from './raw-messages.ts'

/** Media type of gRPC over HTTP/2. */
export const GRPC_TYPE = 'application/grpc'

/** `application/grpc+proto` and the like too; gRPC-Web is another protocol. */
const IS_GRPC = /^application\/grpc(?:[+;\s]|$)/i

/** The codes that a gateway has a use for (the statuscodes document of gRPC). */
export const GRPC_STATUS = {
  UNKNOWN: 2,
  DEADLINE_EXCEEDED: 4,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16
} as const

/**
 * The code for each HTTP status that a gateway answers with: gRPC's own table (its http-grpc-status-mapping document,
 * as Envoy does) for 400, 401, 403, 404, 429, 502, 503 and 504; for what that leaves open, the code whose meaning is
 * the status'. All others are UNKNOWN.
 */
const CODES: ReadonlyMap<number, number> = new Map([
  [400, GRPC_STATUS.INTERNAL],
  [401, GRPC_STATUS.UNAUTHENTICATED],
  [403, GRPC_STATUS.PERMISSION_DENIED],
  [404, GRPC_STATUS.UNIMPLEMENTED],
  [405, GRPC_STATUS.UNIMPLEMENTED],
  [408, GRPC_STATUS.DEADLINE_EXCEEDED],
  [413, GRPC_STATUS.RESOURCE_EXHAUSTED],
  [429, GRPC_STATUS.UNAVAILABLE],
  [431, GRPC_STATUS.RESOURCE_EXHAUSTED],
  [500, GRPC_STATUS.INTERNAL],
  [501, GRPC_STATUS.UNIMPLEMENTED],
  [502, GRPC_STATUS.UNAVAILABLE],
  [503, GRPC_STATUS.UNAVAILABLE],
  [504, GRPC_STATUS.UNAVAILABLE]
])

/** Whether a request is a gRPC call. Over HTTP/1.x there are none. */
export function isGrpc(request: IncomingMessage): boolean {
  return http2Stream(request) !== undefined && IS_GRPC.test(request.headers['content-type'] ?? '')
}

/**
 * The gRPC code of an answer that the gateway makes itself.
 *
 * @param status - What it would be over plain HTTP.
 * @param reason - Why; one that ends in `_timeout` is a deadline that passed, which gRPC's table can't know of a 504.
 */
export function grpcStatus(status: number, reason = ''): number {
  if (reason.endsWith('_timeout')) return GRPC_STATUS.DEADLINE_EXCEEDED
  return CODES.get(status) ?? GRPC_STATUS.UNKNOWN
}

/** Percent-encodes a text for `grpc-message`: all but printable ASCII, and the percent sign (PROTOCOL-HTTP2 of gRPC). */
export function grpcMessage(text: string): string {
  return Array.from(Buffer.from(text), encodeByte).join('')
}

function encodeByte(byte: number): string {
  return byte >= 0x20 && byte <= 0x7e && byte !== 0x25
    ? String.fromCodePoint(byte)
    : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
}
