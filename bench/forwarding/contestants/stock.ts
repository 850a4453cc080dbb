import type { Contestant } from './contestant.ts'
import { startNodeServer } from './node-server.ts'

/** What people write who need no gateway: Fastify with @fastify/http-proxy, all as it comes. */
export const stock: Contestant = {
  name: 'stock',
  title: '@fastify/http-proxy',
  logs: false,
  start: (setup) => startNodeServer('@fastify/http-proxy', 'stock.ts', setup)
}
