import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { STATUS } from '../src/balancing/candidate.ts'
import { HealthChecker } from '../src/health/checker.ts'
import type { UpstreamGroups } from '../src/upstreams/group.ts'
import type { HealthFlip } from '../src/upstreams/registry-events.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Probes the backends of `app.registry`. */
    readonly healthChecker: HealthChecker
  }
}

async function healthChecks(app: FastifyInstance): Promise<void> {
  const { registry } = app
  if (!registry)
    throw new Error('health checks run where the registry is owned, not on a thread that only reads it')
  const checker = new HealthChecker({
    onVerdict: (verdict) => registry.observe(verdict),
    onPassed: (group, id) => registry.emit('passed', group, id)
  })
  const follow = (groups: UpstreamGroups): void => checker.update(checkedGroups(groups))
  const logFlip = ({ group, backend, from, to, reason }: HealthFlip): void => {
    app.log[to === 'healthy' ? 'info' : 'warn'](
      { group, backend, from, to, reason },
      'backend health changed'
    )
  }
  app.decorate('healthChecker', checker)
  app.addHook('onReady', async () => {
    registry.on('groups', follow)
    registry.on('flip', logFlip)
    follow(registry.groups)
  })
  app.addHook('onClose', async () => {
    registry.off('groups', follow)
    registry.off('flip', logFlip)
    await checker.stop()
  })
}

function checkedGroups(groups: UpstreamGroups): Parameters<HealthChecker['update']>[0] {
  return [...groups.values()].map(({ name, settings: { healthCheck, protocol, tls }, backends }) => ({
    name,
    ...(healthCheck && { healthCheck }),
    transport: { protocol, ...(tls && { tls }) },
    backends: backends.map(({ id, url, authority, status }) => ({
      id,
      url,
      authority,
      healthy: (status & STATUS.ill) === 0
    }))
  }))
}

/**
 * Probes the backends of every group that has a health check, from the moment the app is ready until it closes, and
 * writes the verdicts into the registry. Follows the registry when its groups change.
 *
 * @example
 * ```ts
 * await app.register(upstreamRegistry, { upstreams })
 * await app.register(healthChecks)
 * await app.ready()
 * await app.healthChecker.whenAnswered()
 * ```
 */
export default fp(healthChecks, {
  fastify: '5.x',
  name: 'health-checks',
  dependencies: ['upstream-registry']
})
