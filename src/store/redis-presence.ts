import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { GatewayConfig, RedisStoreConfig } from '../config/types.ts'
import { limitsOf } from '../limits/limit-tables.ts'
import { sharedNow } from '../shared-clock.ts'
import type { EventLog } from '../telemetry/events.ts'
import { openRedis, type RedisClient } from './redis-client.ts'
import { connectionKey, type RedisConnection } from './redis-connection.ts'
import type { StoreLog } from './redis-limits.ts'
import { PRESENCE_SCRIPT } from './redis-scripts.ts'

/** Milliseconds between two signs of life. */
const BEAT = 1000
/** A gateway that gave none for this long is gone, in milliseconds. */
const GONE_AFTER = 5000
/** How long a stop waits for taking this gateway out, in milliseconds. */
const FAREWELL = 200

type PresenceRedis = RedisConnection & {
  beatOfGateway: (key: string, id: string, goneAfter: number) => Promise<number>
}

/** What {@link RedisPresence} needs. */
export interface PresenceOptions {
  readonly log: StoreLog
  readonly events: Pick<EventLog, 'record'>
  /** One shared word, which it writes: how many gateways there are, this one included. */
  readonly gateways: Int32Array
}

/**
 * The control plane's part in limits that gateways share: it tells Redis that this gateway lives, and all threads how
 * many do. While Redis is away, and for as long after as it takes to be gone, that number does not fall.
 */
export class RedisPresence {
  readonly #id = randomUUID()
  readonly #options: PresenceOptions
  #store: RedisStoreConfig | undefined
  #client: RedisClient | undefined
  #timer: NodeJS.Timeout | undefined
  #isAway = false
  /** Until then, that there are fewer may only mean that others have not found Redis again. Of {@link sharedNow}. */
  #fewerFrom = 0

  constructor(options: PresenceOptions) {
    this.#options = options
  }

  /** Registers where this configuration says; nowhere when it has no limits, or keeps them to itself. */
  follow(config: Pick<GatewayConfig, 'store' | 'rateLimit' | 'routes'>): void {
    const { store } = config
    const next = store.type === 'redis' && limitsOf(config).length > 0 ? store : undefined
    if (placeOf(next) === placeOf(this.#store)) return
    void this.stop()
    this.#store = next
    if (!next) {
      Atomics.store(this.#options.gateways, 0, 1)
      return
    }
    this.#client = openRedis(next)
    const redis = this.#client.redis as PresenceRedis
    redis.defineCommand('beatOfGateway', { lua: PRESENCE_SCRIPT, numberOfKeys: 1 })
    redis.on('ready', () => void this.#beat(redis, next))
    this.#timer = setInterval(() => void this.#beat(redis, next), BEAT).unref()
  }

  /** Takes this gateway out, and ends the connection. */
  async stop(): Promise<void> {
    const { redis } = this.#client ?? {}
    const store = this.#store
    clearInterval(this.#timer)
    this.#client = undefined
    this.#store = undefined
    this.#isAway = false
    if (!redis || !store) return
    const gone = redis.zrem(setOf(store), this.#id).catch(() => undefined)
    await Promise.race([gone, delay(FAREWELL, undefined, { ref: false })])
    redis.disconnect()
  }

  async #beat(redis: PresenceRedis, store: RedisStoreConfig): Promise<void> {
    try {
      const count = await redis.beatOfGateway(setOf(store), this.#id, GONE_AFTER)
      if (this.#client?.redis !== redis) return
      const { gateways } = this.#options
      const least = sharedNow() < this.#fewerFrom ? Atomics.load(gateways, 0) : 1
      Atomics.store(gateways, 0, Math.max(least, count))
      this.#tell('back', undefined)
    } catch (error) {
      const client = this.#client
      if (client?.redis !== redis) return
      this.#fewerFrom = sharedNow() + GONE_AFTER
      const reason = client.reasonOf(error)
      this.#tell('away', reason)
      // A connection whose other end is gone would be found out after a quarter of an hour.
      if (reason === 'timeout' && redis.status === 'ready') redis.disconnect(true)
    }
  }

  #tell(state: 'away' | 'back', reason: string | undefined): void {
    if (this.#isAway === (state === 'away')) return
    this.#isAway = state === 'away'
    const { log, events } = this.#options
    if (reason) log.warn({ reason }, 'the store is away')
    else log.info('the store is back')
    events.record({ type: 'store', state, use: 'limits', ...(reason && { reason }) })
  }
}

function placeOf(store: RedisStoreConfig | undefined): string | undefined {
  return store && `${store.prefix} ${connectionKey(store)}`
}

function setOf({ prefix }: RedisStoreConfig): string {
  return `{${prefix}}:gateways`
}
