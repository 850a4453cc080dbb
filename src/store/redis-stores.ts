import type { RedisConnectionConfig } from '../config/types.ts'
import { connectionKey } from './redis-connection.ts'
import { RedisLimits, type StoreLog } from './redis-limits.ts'

/** One thread's connections to the Redis of limits: one per Redis and login, for as long as a generation uses it. */
export class RedisStores {
  readonly #log: StoreLog
  readonly #open = new Map<string, { readonly limits: RedisLimits; uses: number }>()

  constructor(log: StoreLog) {
    this.#log = log
  }

  /** The connection to this Redis, opened when there is none. @returns It, and what to call once when done with it. */
  use(config: RedisConnectionConfig): { readonly limits: RedisLimits; readonly release: () => void } {
    const key = connectionKey(config)
    const held = this.#open.get(key) ?? { limits: new RedisLimits(config, this.#log), uses: 0 }
    this.#open.set(key, held)
    held.uses++
    return {
      limits: held.limits,
      release: () => {
        if (--held.uses > 0) return
        this.#open.delete(key)
        held.limits.close()
      }
    }
  }
}
