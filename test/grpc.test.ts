import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { test } from 'node:test'
import { GRPC_STATUS, grpcMessage, grpcStatus, isGrpc } from '../src/grpc.ts'

function requestOf(type: string | undefined, isHttp2 = true): IncomingMessage {
  const stream = isHttp2 ? {} : undefined
  return { stream, headers: { 'content-type': type } } as unknown as IncomingMessage
}

test('a gRPC call is known by its media type, over HTTP/2 only', () => {
  for (const type of [
    'application/grpc',
    'application/grpc+proto',
    'Application/GRPC+json',
    'application/grpc; a=b'
  ])
    assert.equal(isGrpc(requestOf(type)), true, type)
  for (const type of [
    undefined,
    'application/grpc-web',
    'application/grpc-web+proto',
    'application/grpcs',
    'text/x'
  ])
    assert.equal(isGrpc(requestOf(type)), false, type)
  assert.equal(isGrpc(requestOf('application/grpc', false)), false)
})

test('statuses become the codes of the table of gRPC', () => {
  const { INTERNAL, UNAUTHENTICATED, PERMISSION_DENIED, UNIMPLEMENTED, UNAVAILABLE } = GRPC_STATUS
  const table: [number, number][] = [
    [400, INTERNAL],
    [401, UNAUTHENTICATED],
    [403, PERMISSION_DENIED],
    [404, UNIMPLEMENTED],
    [429, UNAVAILABLE],
    [502, UNAVAILABLE],
    [503, UNAVAILABLE],
    [504, UNAVAILABLE]
  ]
  for (const [status, code] of table) assert.equal(grpcStatus(status), code, String(status))
})

test('what the table leaves open becomes the code that means it, else UNKNOWN', () => {
  assert.equal(grpcStatus(405, 'method_not_allowed'), GRPC_STATUS.UNIMPLEMENTED)
  assert.equal(grpcStatus(501, 'method_not_implemented'), GRPC_STATUS.UNIMPLEMENTED)
  assert.equal(grpcStatus(413, 'content_length'), GRPC_STATUS.RESOURCE_EXHAUSTED)
  assert.equal(grpcStatus(431, 'too_many_headers'), GRPC_STATUS.RESOURCE_EXHAUSTED)
  assert.equal(grpcStatus(500), GRPC_STATUS.INTERNAL)
  assert.equal(grpcStatus(417, 'expectation_failed'), GRPC_STATUS.UNKNOWN)
})

test('a deadline that passed is DEADLINE_EXCEEDED', () => {
  for (const reason of ['connect_timeout', 'response_timeout', 'idle_timeout', 'total_timeout'])
    assert.equal(grpcStatus(504, reason), GRPC_STATUS.DEADLINE_EXCEEDED)
  assert.equal(grpcStatus(408, 'client_too_slow'), GRPC_STATUS.DEADLINE_EXCEEDED)
})

test('a message is printable ASCII, the rest of it percent-encoded', () => {
  assert.equal(grpcMessage('The service has no healthy server.'), 'The service has no healthy server.')
  assert.equal(grpcMessage('100%\r\n ä€~'), '100%25%0D%0A %C3%A4%E2%82%AC~')
  assert.equal(decodeURIComponent(grpcMessage('näh 100%')), 'näh 100%')
})
