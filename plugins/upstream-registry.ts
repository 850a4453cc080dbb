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

async function upstreamRegistry(app: FastifyInstance, options: UpstreamRegistryOptions): Promise<void> {
  const registry = await ownedRegistry(options)
  if (registry) {
    app.addHook('onReady', async () => tellOfIdle(app, registry))
    logStates(app, registry)
    logTraffic(app, registry)
  }
  app.decorate('registry', registry)
  if ('groups' in options) app.decorate('upstreams', options.groups)
  else app.decorate('upstreams', { getter: () => registry!.groups })
}

/** Keys of groups that other plugins run, where the registry is owned. */
const RUN_BY = [
  ['healthCheck', 'health-checks'],
  ['outlierDetection', 'outlier-detection'],
  ['circuitBreaker', 'circuit-breaking'],
  ['concurrency', 'concurrency-limits']
] as const

/** Says what groups are configured with that nobody runs. */
function tellOfIdle(app: FastifyInstance, { groups }: UpstreamRegistry): void {
  for (const { name: group, settings } of groups.values()) {
    for (const [key, plugin] of RUN_BY) {
      if (!settings[key] || app.hasPlugin(plugin)) continue
      app.log.warn(
        { group, key, plugin },
        'what a group is configured with needs a plugin that is not registered'
      )
    }
  }
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

/** @throws CertificateError when a group's `tls` can't be used. */
async function ownedRegistry(options: UpstreamRegistryOptions): Promise<UpstreamRegistry | null> {
  if ('groups' in options) return null
  if ('registry' in options) return options.registry
  if (!('upstreams' in options))
    throw new Error(
      'upstream-registry needs groups: { upstreams }, as loadConfig and resolveDefinition give them'
    )
  const found = options.upstreams.find(({ discovery }) => discovery)
  // It would stay empty, and say that nobody is well.
  if (found) throw new Error(`group "${found.name}" has discovery, which runs in a gateway only`)
  const upstreams = await withTls(options.upstreams)
  const registry = new UpstreamRegistry()
  registry.prepare(upstreams)
  registry.commit(upstreams, 1)
  return registry
}

async function withTls(upstreams: readonly UpstreamGroupConfig[]): Promise<readonly UpstreamGroupConfig[]> {
  if (!upstreams.some(({ tls }) => tls)) return upstreams
  const { loadUpstreamTls } = await import('../src/tls/upstream-tls.ts')
  return (await loadUpstreamTls({ upstreams })).upstreams
}

/**
 * Makes upstream groups known to the app as `app.upstreams`; logs what operators do to backends, and where traffic goes.
 *
 * @example
 * ```ts
 * const { upstreams } = await resolveDefinition({ upstreams: { catalog: { backends: ['http://10.0.0.11:3001'] } } })
 * await app.register(upstreamRegistry, { upstreams })
 * app.registry!.on('flip', ({ backend, to, reason }) => console.log(backend, to, reason))
 * ```
 */
export default fp(upstreamRegistry, { fastify: '5.x', name: 'upstream-registry' })
