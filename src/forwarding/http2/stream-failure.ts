import { constants } from 'node:http2'
import type { FailureReason } from '../connection.ts'
import { brokenConnection } from '../http1/failure-reason.ts'

/** Codes (RFC 9113 section 7) that say that one side took the other's bytes for no HTTP/2. */
const NO_HTTP2: ReadonlySet<number> = new Set([
  constants.NGHTTP2_PROTOCOL_ERROR,
  constants.NGHTTP2_FLOW_CONTROL_ERROR,
  constants.NGHTTP2_STREAM_CLOSED,
  constants.NGHTTP2_FRAME_SIZE_ERROR,
  constants.NGHTTP2_COMPRESSION_ERROR,
  constants.NGHTTP2_HTTP_1_1_REQUIRED
])

/**
 * Why a stream broke.
 *
 * @param code - With which it was closed.
 * @param error - What node:http2 says of it, if it says anything.
 */
export function brokenStream(code: number, error: Error | undefined): FailureReason {
  if (NO_HTTP2.has(code) || isNoHttp2(error)) return 'protocol_error'
  return brokenConnection(error)
}

/** Whether nghttp2 could not read what came. */
export function isNoHttp2(error: Error | undefined): boolean {
  return error !== undefined && 'code' in error && error.code === 'ERR_HTTP2_ERROR'
}
