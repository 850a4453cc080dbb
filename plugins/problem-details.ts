import type { OutgoingHttpHeaders } from 'node:http2'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { endUpload, refuseUpload } from '../src/forwarding/unread-upload.ts'
import { GRPC_TYPE, grpcMessage, grpcStatus, isGrpc } from '../src/grpc.ts'
import { noRoute, PROBLEM_TYPE, problem, ProblemError } from '../src/problem.ts'
import { http2Stream, isGone } from '../src/raw-messages.ts'
import { requestIdentity } from '../src/telemetry/trace-of.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** What the request is answered with unless a handler takes it. */
    refusal: ProblemError | null
  }
}

async function problemDetails(app: FastifyInstance): Promise<void> {
  app.decorateRequest('refusal', null)
  app.setErrorHandler(sendProblem)
  app.setNotFoundHandler((request, reply) => reply.send(request.refusal ?? noRoute()))
}

/** Also Fastify's `frameworkErrors`: errors from before a route is found, such as an undecodable path. */
export function sendProblem(error: Error, request: FastifyRequest, reply: FastifyReply): void {
  const status = statusOf(error)
  if (status >= 500 && !(error instanceof ProblemError))
    request.server.log.error({ err: error, ...requestIdentity(request) }, 'request failed')
  if (error instanceof ProblemError) void reply.headers(error.headers)
  // HTTP/2 has other means to end a connection.
  if (http2Stream(request.raw)) void reply.removeHeader('connection')
  if (isGrpc(request.raw)) {
    sendGrpcStatus(error, status, request, reply)
    return
  }
  refuseUpload(request.raw, reply.raw)
  // As bytes: to a text Fastify would add a charset, which this media type does not have.
  const errors = error instanceof ProblemError ? error.errors : undefined
  const body = Buffer.from(JSON.stringify(problem(status, detailOf(error, status), request.id, errors)))
  void reply.status(status).header('content-type', PROBLEM_TYPE).header('x-request-id', request.id).send(body)
}

/** A response whose head is all there is, with status 200, as gRPC has it: what went wrong says `grpc-status`. */
function sendGrpcStatus(
  error: Partial<FastifyError>,
  status: number,
  request: FastifyRequest,
  reply: FastifyReply
): void {
  const { raw } = reply.hijack()
  if (raw.headersSent || isGone(raw)) return
  const reason = error instanceof ProblemError ? error.reason : undefined
  raw.statusCode = 200
  http2Stream(raw)!.respond(
    {
      ...(reply.getHeaders() as OutgoingHttpHeaders),
      ':status': 200,
      'content-type': GRPC_TYPE,
      'grpc-status': grpcStatus(status, reason),
      'grpc-message': grpcMessage(detailOf(error, status)),
      'x-request-id': request.id
    },
    { endStream: true }
  )
  endUpload(request.raw)
}

function statusOf(error: Partial<FastifyError>): number {
  const status = error.statusCode ?? 500
  return status >= 400 && status <= 599 ? status : 500
}

/** The gateway's own errors and Fastify's 4xx are written for clients; nothing else is. */
function detailOf(error: Partial<FastifyError>, status: number): string {
  if (error instanceof ProblemError || (status < 500 && error.code?.startsWith('FST_')))
    return error.message ?? ''
  return status < 500 ? 'The request is not valid.' : 'The gateway failed to handle the request.'
}

/**
 * Answers every error as `application/problem+json` (RFC 9457), to a gRPC call as its status. What a client may not
 * know (addresses, stacks, what an upstream said) stays in the log.
 *
 * @example
 * ```ts
 * await app.register(problemDetails)
 * app.get('/teapot', () => {
 *   throw new ProblemError(418, 'teapot', 'It is a teapot.')
 * })
 * ```
 */
export default fp(problemDetails, { fastify: '5.x', name: 'problem-details' })
