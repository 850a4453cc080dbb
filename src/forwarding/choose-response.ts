import type { FastifyReply, FastifyRequest } from 'fastify'
import type { RouteConfig } from '../config/types.ts'
import { http2Stream } from '../raw-messages.ts'
import { BufferedClientResponse } from './buffered-client-response.ts'
import type { ClientResponse } from './client-response.ts'
import { Http1ClientResponse } from './http1-client-response.ts'
import { Http2ClientResponse } from './http2-client-response.ts'

/**
 * The response that suits the client's protocol and the route's mode.
 *
 * @param onTooLarge - A response that must be collected is too large for that.
 */
export function chooseResponse(
  request: FastifyRequest,
  reply: FastifyReply,
  route: RouteConfig,
  onTooLarge: () => void
): ClientResponse {
  const Direct = http2Stream(request.raw) ? Http2ClientResponse : Http1ClientResponse
  const direct = new Direct(request, reply, route)
  return route.mode === 'buffered'
    ? new BufferedClientResponse(request, reply, route, direct, onTooLarge)
    : direct
}
