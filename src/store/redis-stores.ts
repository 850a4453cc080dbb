import { RedisLimits, type StoreLog } from './redis-limits.ts'

/** One thread's connections to the Redis of limits: one per URL, for as long as a generation uses it. */
export class RedisStores {
  readonly #log: StoreLog
  readonly #open = new Map<string, { readonly limits: RedisLimits; uses: number }>()

  constructor(log: StoreLog) {
    this.#log = log
  }

  /** The connection to this Redis, opened when there is none. @returns It, and what to call once when done with it. */
  use(url: string): { readonly limits: RedisLimits; readonly release: () => void } {
    const held = this.#open.get(url) ?? { limits: new RedisLimits(url, this.#log), uses: 0 }
    this.#open.set(url, held)
    held.uses++
    return {
      limits: held.limits,
      release: () => {
        if (--held.uses > 0) return
        this.#open.delete(url)
        held.limits.close()
      }
    }
  }
}
