import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { createBalancer } from '../src/balancing/algorithms.ts'
import type { Balancer } from '../src/balancing/balancer.ts'
import type { Backend } from '../src/upstreams/backend.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** One balancer per upstream group, by the group's name. */
    readonly balancers: ReadonlyMap<string, Balancer<Backend>>
  }
}

/** Gives every upstream group the balancer that its configuration names. */
async function balancing(app: FastifyInstance): Promise<void> {
  const balancers = new Map<string, Balancer<Backend>>()
  for (const group of app.upstreams.values()) {
    balancers.set(group.name, createBalancer(group.settings.balancing.algorithm, group.backends))
  }
  app.decorate('balancers', balancers)
}

export default fp(balancing, { fastify: '5.x', name: 'balancing', dependencies: ['upstream-registry'] })
