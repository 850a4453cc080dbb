import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { createAlgorithm } from '../src/balancing/algorithms.ts'
import { GroupBalancer } from '../src/balancing/group-balancer.ts'
import { quickRandom } from '../src/balancing/quick-random.ts'
import { sharedNow } from '../src/shared-clock.ts'
import type { Backend } from '../src/upstreams/backend.ts'
import type { UpstreamGroup } from '../src/upstreams/group.ts'
import { lineupSettings } from '../src/upstreams/group-lineup.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** One balancer per upstream group, by the group's name. */
    readonly balancers: ReadonlyMap<string, GroupBalancer<Backend>>
  }
}

async function balancing(app: FastifyInstance): Promise<void> {
  app.decorate(
    'balancers',
    new Map([...app.upstreams.values()].map((group) => [group.name, balancerOf(group)]))
  )
}

function balancerOf({ backends, live, settings }: UpstreamGroup): GroupBalancer<Backend> {
  const { balancing } = settings
  const shared = { random: quickRandom(Math.random() * 2 ** 32), now: sharedNow }
  return new GroupBalancer({
    candidates: backends,
    algorithm: createAlgorithm(balancing.algorithm, { places: backends.length, ...shared }),
    ...lineupSettings(settings),
    epoch: () => live.epoch,
    ...shared
  })
}

/**
 * Gives every upstream group the balancer that its configuration names.
 *
 * @example
 * ```ts
 * await app.register(upstreamRegistry, { upstreams })
 * await app.register(balancing)
 * // For a request of the app's own. Whoever is picked is counted in, and must be counted out.
 * const backend = app.balancers.get('catalog')!.pick([])
 * backend?.begin()
 * backend?.end('succeeded')
 * ```
 */
export default fp(balancing, { fastify: '5.x', name: 'balancing', dependencies: ['upstream-registry'] })
