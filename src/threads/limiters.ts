import { getRandomValues } from 'node:crypto'
import type { RateLimitConfig } from '../config/types.ts'
import type { LimitStats } from '../limits/limit-stats.ts'
import { LimitTable, type LimitTableShare } from '../limits/limit-table.ts'
import { LocalLimiter, type RateLimiter } from '../limits/limiter.ts'
import { SharedLimiter } from '../limits/shared-limiter.ts'
import { sharedNow } from '../shared-clock.ts'
import type { RedisStores } from '../store/redis-stores.ts'
import type { GenerationSpec } from './messages.ts'

/** Makes the limiters of one generation: over this gateway's threads, or over all gateways, as its `store` says. */
export class Limiters {
  readonly #store: GenerationSpec['config']['store']
  readonly #shares: ReadonlyMap<string, LimitTableShare>
  readonly #gateways: Int32Array
  readonly #row: number
  readonly #stores: RedisStores
  readonly #stats: LimitStats
  #redis: ReturnType<RedisStores['use']> | undefined

  /**
   * @param row - The thread's.
   * @param stores - The thread's connections; one is opened when the first limit needs it.
   * @param stats - Where decisions are counted.
   */
  constructor(
    { config, limits, gateways }: Pick<GenerationSpec, 'config' | 'limits' | 'gateways'>,
    row: number,
    stores: RedisStores,
    stats: LimitStats
  ) {
    this.#store = config.store
    this.#shares = new Map(limits)
    this.#gateways = new Int32Array(gateways)
    this.#row = row
    this.#stores = stores
    this.#stats = stats
  }

  /** @param id - Of the limit, by `limitId`. @throws Error when the control plane made no table for it. */
  of(id: string, limit: RateLimitConfig): RateLimiter {
    return this.#stats.counted(id, this.#uncounted(id, limit), limit.dryRun)
  }

  #uncounted(id: string, limit: RateLimitConfig): RateLimiter {
    const share = this.#shares.get(id)
    if (!share) throw new Error(`the limit "${id}" has no table`)
    const table = new LimitTable(share, this.#row)
    if (this.#store.type !== 'redis') return new LocalLimiter(table, limit, sharedNow)
    this.#redis ??= this.#stores.use(this.#store)
    const store = this.#redis.limits.of(this.#store.prefix, id)
    const [k0 = 0, k1 = 0] = getRandomValues(new Int32Array(2))
    return new SharedLimiter(
      { table, store, gateways: this.#gateways, now: sharedNow, secret: [k0, k1] },
      limit
    )
  }

  /** Lets go of the connection: the generation is over. */
  close(): void {
    this.#redis?.release()
    this.#redis = undefined
  }
}
