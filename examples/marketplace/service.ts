import swagger from '@fastify/swagger'
import Fastify, { type FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { catalog } from './catalog.ts'
import { inventory } from './inventory.ts'
import { orders } from './orders.ts'
import { type Store, memoryStore } from './store.ts'
import { switches } from './switches.ts'
import { validateStrictly } from './validation.ts'

/** The services of the marketplace; each may run in any number of replicas. */
export const SERVICES = { catalog, inventory, orders } as const

/** Name of a service. */
export type ServiceKind = keyof typeof SERVICES

/** How one replica differs from the others. */
export interface ReplicaOptions {
  /** Sent as `x-served-by` with every answer, such as `catalog-1`. */
  readonly name: string
  /** Shared by the replicas of a service; by default the replica remembers alone. */
  readonly store?: Store
}

/** Whether the text names a service. */
export function isServiceKind(text: string): text is ServiceKind {
  return Object.hasOwn(SERVICES, text)
}

/**
 * Builds one replica of a service, ready to listen: its routes, `GET /healthz`, its OpenAPI document at
 * `GET /openapi.json`, and the switches that make it ill.
 */
export async function buildService(
  kind: ServiceKind,
  { name, store = memoryStore() }: ReplicaOptions
): Promise<FastifyInstance> {
  const app = Fastify({ logger: false, forceCloseConnections: 'idle' })
  validateStrictly(app)
  app.addHook('onRequest', async (_request, reply) => void reply.header('x-served-by', name))
  await app.register(switches)
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: `Marketplace ${kind}`,
        version: '1.0.0',
        description: `The ${kind} of the demo marketplace.`
      }
    }
  })

  app.route({
    method: 'GET',
    url: '/healthz',
    schema: {
      summary: 'Whether this replica is well',
      tags: ['operations'],
      response: { 200: Type.Object({ status: Type.Literal('ok'), name: Type.String() }) }
    },
    handler: async () => ({ status: 'ok' as const, name })
  })
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())
  await app.register(SERVICES[kind], { store })
  return app
}
