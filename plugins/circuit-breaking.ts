import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { BreakerChange } from '../src/health/circuit-breaker.ts'
import { CircuitBreakers } from '../src/health/circuit-breakers.ts'
import { sharedNow, stamp } from '../src/shared-clock.ts'
import { Ticker } from '../src/ticker.ts'
import type { UpstreamGroups } from '../src/upstreams/group.ts'

/** How late too many failures may be noticed, in milliseconds. */
const TICK = 100

async function circuitBreaking(app: FastifyInstance): Promise<void> {
  const { registry } = app
  if (!registry)
    throw new Error('circuit breaking runs where the registry is owned, not on a thread that only reads it')
  const breakers = new CircuitBreakers({
    now: sharedNow,
    stamp,
    onChange: (change) => registry.emit('breaker', change)
  })
  const ticker = new Ticker(TICK, () => {
    breakers.tick()
    return !breakers.isIdle
  })
  const follow = (groups: UpstreamGroups): void => {
    breakers.update(groups.values())
    ticker.start()
  }
  const log = (change: BreakerChange): void => {
    app.log[change.to === 'open' ? 'warn' : 'info'](change, 'circuit breaker changed')
  }
  app.addHook('onReady', async () => {
    registry.on('groups', follow).on('breaker', log)
    follow(registry.groups)
  })
  app.addHook('onClose', async () => {
    registry.off('groups', follow).off('breaker', log)
    ticker.stop()
  })
}

/**
 * Runs the circuit breakers of the groups that have one, from the moment the app is ready until it closes: the threads
 * count, this decides, and the threads obey.
 */
export default fp(circuitBreaking, {
  fastify: '5.x',
  name: 'circuit-breaking',
  dependencies: ['upstream-registry']
})
