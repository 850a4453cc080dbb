import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { AccessLogConfig } from '../src/config/types.ts'
import { accessLogFields, statusOf } from '../src/telemetry/access-log.ts'
import { accessSampling } from '../src/telemetry/access-sampling.ts'

/** Which requests have a line; by default all. */
export interface AccessLogOptions extends Partial<AccessLogConfig> {
  /** 0 to 1. */
  readonly random?: () => number
}

async function accessLog(app: FastifyInstance, options: AccessLogOptions): Promise<void> {
  const { sample = 1, slow = 0, random } = options
  const sampleOf = accessSampling({ sample, slow }, random)
  app.observeRequests((request, reply) => {
    const now = performance.now()
    const { startedAt, reason, dryRunLimit } = request.record
    const share = sampleOf({ status: statusOf(reply), totalTime: now - startedAt, reason, dryRunLimit })
    if (share === undefined) return
    const fields = accessLogFields(request, reply, now)
    app.log.info(share === 1 ? fields : { ...fields, sample: share }, 'request')
  })
}

/**
 * One log line a request, when it is over.
 *
 * @example
 * ```ts
 * const app = Fastify({ logger: true, disableRequestLogging: true })
 * await app.register(requestRecord)
 * // All that went wrong or took a second, and a tenth of the rest.
 * await app.register(accessLog, { sample: 0.1, slow: 1000 })
 * ```
 */
export default fp(accessLog, { fastify: '5.x', name: 'access-log', dependencies: ['request-record'] })
