import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { UpstreamGroupConfig } from '../src/config/types.ts'
import type { UpstreamGroups } from '../src/upstreams/group.ts'
import type { Drained, StateChange, TrafficChange } from '../src/upstreams/registry-events.ts'
import { UpstreamRegistry } from '../src/upstreams/registry.ts'
import { watchTraffic } from '../src/upstreams/traffic-watch.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The upstream groups, by name. */
    readonly upstreams: UpstreamGroups
    /** The owner of groups and health; null on a data plane thread, which only reads. */
    readonly registry: UpstreamRegistry | null
  }
}

/** Either groups to own, or a registry that somebody else owns, or a thread's read-only view. */
export type UpstreamRegistryOptions =
  | { readonly upstreams: readonly UpstreamGroupConfig[] }
  | { readonly registry: UpstreamRegistry }
  | { readonly groups: UpstreamGroups }

/** Makes upstream groups known to the app as `app.upstreams`; logs what operators do to backends, and where traffic goes. */
async function upstreamRegistry(app: FastifyInstance, options: UpstreamRegistryOptions): Promise<void> {
  const registry = ownedRegistry(options)
  if (registry) {
    logStates(app, registry)
    logTraffic(app, registry)
  }
  app.decorate('registry', registry)
  if ('groups' in options) app.decorate('upstreams', options.groups)
  else app.decorate('upstreams', { getter: () => registry!.groups })
}

function logStates(app: FastifyInstance, registry: UpstreamRegistry): void {
  const logState = (change: StateChange): void => app.log.info(change, 'backend state changed')
  const logDrained = (drained: Drained): void => app.log.info(drained, 'backend drained')
  registry.on('state', logState).on('drained', logDrained)
  app.addHook('onClose', async () => void registry.off('state', logState).off('drained', logDrained))
}

function logTraffic(app: FastifyInstance, registry: UpstreamRegistry): void {
  const log = (change: TrafficChange): void =>
    app.log[change.to === 'first_tier' ? 'info' : 'warn'](change, 'traffic of a group goes elsewhere')
  registry.on('traffic', log)
  const stop = watchTraffic(registry)
  app.addHook('onClose', async () => {
    stop()
    registry.off('traffic', log)
  })
}

function ownedRegistry(options: UpstreamRegistryOptions): UpstreamRegistry | null {
  if ('groups' in options) return null
  if ('registry' in options) return options.registry
  const registry = new UpstreamRegistry()
  registry.prepare(options.upstreams)
  registry.commit(options.upstreams, 1)
  return registry
}

export default fp(upstreamRegistry, { fastify: '5.x', name: 'upstream-registry' })
