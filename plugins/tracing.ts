import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { type FinishedTrace, finishedTrace } from '../src/telemetry/finished-trace.ts'

/** Which requests are traced, and who is told of them. */
export interface TracingOptions {
  /** Share of the traces that begin here, 0 to 1; by default 0.01. */
  readonly sample?: number
  /** Whether a trace that a client has begun is recorded as the client says; by default it is. */
  readonly parentBased?: boolean
  /** Told of every request that is traced, when it is over. */
  readonly onFinished: (trace: FinishedTrace) => void
  /** 0 to 1. */
  readonly random?: () => number
}

async function tracing(app: FastifyInstance, options: TracingOptions): Promise<void> {
  const { sample = 0.01, parentBased = true, onFinished, random = Math.random } = options
  if (typeof onFinished !== 'function') throw new Error('tracing needs somebody to tell: { onFinished }')
  app.addHook('onRequest', (request, _reply, done) => {
    const { trace } = request.record
    const isDecided = parentBased && trace.parentId !== undefined
    trace.sample(isDecided ? trace.isSampled : random() < sample)
    done()
  })
  app.observeRequests((request, reply) => {
    const trace = finishedTrace(request, reply, { now: performance.now(), wall: Date.now() })
    if (trace) onFinished(trace)
  })
}

/**
 * Decides which requests are traced, and tells of those when they are over. That backends learn which trace a request
 * belongs to is not this plugin's affair: they always do.
 *
 * @example
 * ```ts
 * await app.register(tracing, { sample: 0.01, onFinished: ({ traceId, fields }) => console.log(traceId, fields.status) })
 * ```
 */
export default fp(tracing, { fastify: '5.x', name: 'tracing', dependencies: ['request-record'] })
