import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { accessLogFields } from '../src/telemetry/access-log.ts'

/** One log line a request, when it is over. */
async function accessLog(app: FastifyInstance): Promise<void> {
  app.observeRequests((request, reply) => {
    app.log.info(accessLogFields(request, reply, performance.now()), 'request')
  })
}

export default fp(accessLog, { fastify: '5.x', name: 'access-log', dependencies: ['request-record'] })
