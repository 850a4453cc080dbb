import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { ProblemError } from '../src/problem.ts'
import { isWhole, onceOver } from '../src/raw-messages.ts'
import { clientFault } from '../src/slow-reader.ts'
import { RequestRecord } from '../src/telemetry/request-record.ts'
import { RequestTrace } from '../src/telemetry/request-trace.ts'

/** Told once of every request when it is over: answered, broken off, or its client gone. */
export type RequestObserver = (request: FastifyRequest, reply: FastifyReply) => void

declare module 'fastify' {
  interface FastifyRequest {
    /** What is known of the request so far. */
    record: RequestRecord
  }
  interface FastifyInstance {
    /** Adds an observer; before the app is ready. */
    observeRequests(observer: RequestObserver): void
  }
}

async function requestRecord(app: FastifyInstance): Promise<void> {
  const observers: RequestObserver[] = []
  app.decorateRequest('record')
  app.decorate('observeRequests', (observer: RequestObserver) => {
    observers.push(observer)
  })
  app.addHook('onRequest', (request, reply, done) => {
    request.record = new RequestRecord(performance.now(), new RequestTrace(request.raw.headers))
    const { raw } = reply
    onceOver(raw, () => {
      if (!isWhole(raw)) {
        // What the gateway broke off itself has its reason.
        request.record.reason ??= clientFault(raw)?.reason ?? 'client_gone'
        // The listener may answer it instead, under the same id.
        if (!raw.headersSent) raw.setHeader('x-request-id', request.id)
      }
      for (const observe of observers) observe(request, reply)
    })
    done()
  })
  app.addHook('onError', (request, _reply, error, done) => {
    request.record.reason ??= reasonOf(error)
    done()
  })
}

/** The cause of a gateway-made answer, as data. */
function reasonOf(error: Partial<FastifyError>): string {
  if (error instanceof ProblemError) return error.reason
  if (error.code) return error.code.toLowerCase()
  return (error.statusCode ?? 500) < 500 ? 'bad_request' : 'internal_error'
}

/**
 * Keeps a record of every request. Fastify's onResponse is not used: it does not run when the client leaves before
 * the response ends.
 *
 * @example
 * ```ts
 * await app.register(requestRecord)
 * app.observeRequests(({ record }, reply) => console.log(record.group, record.backend, reply.statusCode))
 * ```
 */
export default fp(requestRecord, { fastify: '5.x', name: 'request-record' })
