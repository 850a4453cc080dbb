import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { ConcurrencyLimits } from '../src/limits/concurrency-limits.ts'
import type { OverloadChange } from '../src/limits/shedding.ts'
import { sharedNow } from '../src/shared-clock.ts'
import { Ticker } from '../src/ticker.ts'
import type { UpstreamGroups } from '../src/upstreams/group.ts'

/** How often it looks, in milliseconds. */
const TICK = 100

async function concurrencyLimits(app: FastifyInstance): Promise<void> {
  const { registry } = app
  if (!registry)
    throw new Error(
      'concurrency limits are found where the registry is owned, not on a thread that only reads it'
    )
  const limits = new ConcurrencyLimits((change) => registry.emit('overload', change))
  const ticker = new Ticker(TICK, () => {
    limits.tick(sharedNow())
    return !limits.isIdle
  })
  const follow = (groups: UpstreamGroups): void => {
    limits.update(groups.values(), sharedNow())
    ticker.start()
  }
  const log = (change: OverloadChange): void => {
    if (change.state === 'shedding') app.log.warn(change, 'a group sheds load')
    else app.log.info(change, 'a group sheds no load any more')
  }
  app.addHook('onReady', async () => {
    registry.on('groups', follow).on('overload', log)
    follow(registry.groups)
  })
  app.addHook('onClose', async () => {
    registry.off('groups', follow).off('overload', log)
    ticker.stop()
  })
}

/**
 * Finds how many requests of a group may be under way at once, for those that have `concurrency`, from the moment the
 * app is ready until it closes: the threads count, this decides, and the threads obey (`overload-protection`).
 */
export default fp(concurrencyLimits, {
  fastify: '5.x',
  name: 'concurrency-limits',
  dependencies: ['upstream-registry']
})
