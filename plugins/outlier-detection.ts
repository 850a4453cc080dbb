import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { OutlierDetector } from '../src/health/outlier-detector.ts'
import { sharedNow } from '../src/shared-clock.ts'
import { Ticker } from '../src/ticker.ts'
import type { UpstreamGroups } from '../src/upstreams/group.ts'
import type { EjectionChange } from '../src/upstreams/registry-events.ts'

/** How late the end of an ejection or of an interval may be noticed, in milliseconds. */
const TICK = 100

async function outlierDetection(app: FastifyInstance): Promise<void> {
  const { registry } = app
  if (!registry)
    throw new Error('outlier detection runs where the registry is owned, not on a thread that only reads it')
  const detector = new OutlierDetector({
    now: sharedNow,
    onEject: (group, id, reason, duration) => registry.eject(group, id, reason, Date.now() + duration),
    onReadmit: (group, id, reason) => registry.readmit(group, id, reason),
    onWithheld: (group, id, reason, withheld, duration) => {
      const { url } = registry.find(group, id)!
      const dryRun = registry.groups.get(group)!.settings.outlierDetection!.dryRun
      const change: EjectionChange = { group, backend: id, url, state: 'detected', reason, withheld, dryRun }
      const until = duration === undefined ? {} : { until: new Date(Date.now() + duration).toISOString() }
      registry.emit('ejection', { ...change, ...until })
    }
  })
  const ticker = new Ticker(TICK, () => {
    detector.tick()
    return !detector.isIdle
  })
  const follow = (groups: UpstreamGroups): void => {
    detector.update(groups.values())
    ticker.start()
  }
  const suspect = (group: string, id: string): void => detector.suspect(group, id)
  const passed = (group: string, id: string): void => detector.passed(group, id)
  const log = (change: EjectionChange): void => {
    app.log[change.state === 'ended' ? 'info' : 'warn'](change, MESSAGES[change.state])
  }
  app.addHook('onReady', async () => {
    registry.on('groups', follow).on('suspect', suspect).on('passed', passed).on('ejection', log)
    follow(registry.groups)
  })
  app.addHook('onClose', async () => {
    registry.off('groups', follow).off('suspect', suspect).off('passed', passed).off('ejection', log)
    ticker.stop()
  })
}

const MESSAGES: Readonly<Record<EjectionChange['state'], string>> = {
  detected: 'backend is an outlier',
  enforced: 'backend ejected',
  ended: 'backend readmitted'
}

/**
 * Ejects backends for how they treat real traffic, in every group that has `outlierDetection`, from the moment the app is
 * ready until it closes. Needs no health check; where there is one, a probe that passes ends an ejection.
 *
 * @example
 * ```ts
 * await app.register(upstreamRegistry, { upstreams })
 * await app.register(outlierDetection)
 * app.registry!.on('ejection', ({ backend, state, reason }) => console.log(backend, state, reason))
 * ```
 */
export default fp(outlierDetection, {
  fastify: '5.x',
  name: 'outlier-detection',
  dependencies: ['upstream-registry']
})
