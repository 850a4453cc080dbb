import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'

/** Says in `X-Served-By` which backend a response is of, where it passes the app's hooks (`mode: buffered`). */
async function servedBy(app: FastifyInstance): Promise<void> {
  app.addHook('onSend', async ({ record }, reply) => {
    if (record.backend !== undefined) void reply.header('x-served-by', record.backend)
  })
}

export default fp(servedBy, { fastify: '5.x', name: 'served-by', dependencies: ['request-record'] })
