import { getRandomValues } from 'node:crypto'
import type { GatewayConfig, RateLimitConfig } from '../config/types.ts'
import { sharedNow } from '../shared-clock.ts'
import { createLimitTable, LimitTable, type LimitTableShare } from './limit-table.ts'
import { LocalLimiter, type RateLimiter } from './limiter.ts'

/** The tables of all limits as they are handed to a thread, by the limits' ids. */
export type LimitShares = readonly (readonly [id: string, table: LimitTableShare])[]

/** Makes the limiter of a limit. @param id - As of {@link limitId}. */
export type MakeLimiter = (id: string, limit: RateLimitConfig) => RateLimiter

/** Makes limiters that hold over one thread, with memory of their own. */
export function localLimiters(): MakeLimiter {
  return (_id, limit) => localLimiter(limit)
}

/** Makes a limiter that holds over this thread, with memory of its own. */
export function localLimiter(limit: RateLimitConfig): LocalLimiter {
  return new LocalLimiter(new LimitTable(newTable(limit), 0), limit, sharedNow)
}

/** What a limit is known by over generations. @param route - Name of its route; undefined = the whole gateway's. */
export function limitId(route: string | undefined, { name }: Pick<RateLimitConfig, 'name'>): string {
  return route === undefined ? `gateway ${name}` : `route ${route} ${name}`
}

/** Every limit of a configuration with its id. */
export function limitsOf(
  config: Pick<GatewayConfig, 'rateLimit' | 'routes'>
): (readonly [id: string, limit: RateLimitConfig])[] {
  const ofGateway = config.rateLimit.map((limit) => [limitId(undefined, limit), limit] as const)
  const ofRoutes = config.routes.flatMap(({ name, rateLimit = [] }) =>
    rateLimit.map((limit) => [limitId(name, limit), limit] as const)
  )
  return [...ofGateway, ...ofRoutes]
}

/**
 * The memory of all limits, owned by the control plane. A limit that stays over a reload keeps what it knows of its keys,
 * whatever its numbers become, unless `maxKeys` or the key changes: that is another table.
 */
export class LimitTables {
  readonly #tables = new Map<string, Kept>()

  /** Makes room for a configuration that may come. @returns What threads need of it. */
  prepare(config: Pick<GatewayConfig, 'rateLimit' | 'routes'>): LimitShares {
    return limitsOf(config).map(([id, limit]) => [id, this.#tableOf(id, limit)] as const)
  }

  /** Keeps the tables of this configuration and no others. */
  retain(config: Pick<GatewayConfig, 'rateLimit' | 'routes'>): void {
    const kept = new Set(limitsOf(config).map(([id, limit]) => kindOf(id, limit)))
    for (const kind of this.#tables.keys()) if (!kept.has(kind)) this.#tables.delete(kind)
  }

  /** Opens the locks that a thread held when it died. */
  releaseLocksOf(row: number): void {
    for (const { table } of this.#tables.values()) table.releaseLocksOf(row)
  }

  #tableOf(id: string, limit: RateLimitConfig): LimitTableShare {
    const kind = kindOf(id, limit)
    let kept = this.#tables.get(kind)
    if (!kept) {
      const share = newTable(limit)
      // It takes nothing itself: the row is nobody's.
      kept = { share, table: new LimitTable(share, NO_ROW) }
      this.#tables.set(kind, kept)
    }
    return kept.share
  }
}

interface Kept {
  readonly share: LimitTableShare
  readonly table: LimitTable
}

const NO_ROW = -2

function newTable({ maxKeys }: RateLimitConfig): LimitTableShare {
  const [k0 = 0, k1 = 0] = getRandomValues(new Int32Array(2))
  return createLimitTable(maxKeys, [k0, k1])
}

/** What makes a table another one. */
function kindOf(id: string, { key, maxKeys }: RateLimitConfig): string {
  return JSON.stringify([id, key, maxKeys])
}
