import underPressure from '@fastify/under-pressure'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { ProblemError } from '../src/problem.ts'

/** When the app itself has too much to do. */
export interface OverloadProtectionOptions {
  /** Mean delay of the event loop beyond which requests are refused, in milliseconds; 0 = never; by default 1000. */
  readonly maxEventLoopDelay?: number
}

/** How much more delay a critical request may meet. */
const CRITICAL_PATIENCE = 2
/** Seconds after which a refused client may try again: the delay is measured once a second. */
const RETRY_AFTER = '1'

async function overloadProtection(app: FastifyInstance, options: OverloadProtectionOptions): Promise<void> {
  const { maxEventLoopDelay = 1000 } = options
  if (maxEventLoopDelay === 0) return
  await app.register(underPressure, {
    maxEventLoopDelay,
    eventLoopUtilizationMode: 'interval',
    pressureHandler: async (request, _reply, _type, delay) => {
      if (isCritical(request) && Number(delay) <= CRITICAL_PATIENCE * maxEventLoopDelay) return
      throw new ProblemError(503, 'event_loop_delay', 'The gateway has too much to do right now.', {
        'retry-after': RETRY_AFTER
      })
    }
  })
}

function isCritical({ record }: FastifyRequest): boolean {
  return record.found?.match.route.priority === 'critical'
}

/**
 * The last resort of a thread that can't keep up: it refuses requests while its event loop is late, those of critical
 * routes last. What the groups can bear is looked at when the group of a request is known, in the forwarding.
 *
 * @example
 * ```ts
 * await app.register(overloadProtection, { maxEventLoopDelay: 250 })
 * ```
 */
export default fp(overloadProtection, {
  fastify: '5.x',
  name: 'overload-protection',
  dependencies: ['problem-details', 'request-record', 'routing']
})
