import type { GatewayConfig } from './config/types.ts'
import { ClientCounts, type ClientCountsShare, createClientCounts } from './limits/client-counts.ts'
import { LIMIT_STATS_LAYOUT, LimitStats } from './limits/limit-stats.ts'
import { limitsOf, LimitTables } from './limits/limit-tables.ts'
import { NO_ROUTE, ROUTE_LAYOUT, RouteStats } from './telemetry/route-stats.ts'
import type { GenerationSpec, LiveShare } from './threads/messages.ts'
import { THREAD_LAYOUT } from './threads/thread-stats.ts'
import { LiveTable } from './upstreams/live-table.ts'
import { UpstreamRegistry } from './upstreams/registry.ts'
import { KeyedSlots } from './upstreams/slots.ts'

/**
 * All numbers that threads share: of backends, groups, routes and rate limits. Follows a configuration through its two phases, so that
 * one that fails leaves no trace.
 */
export class LiveState {
  readonly registry: UpstreamRegistry
  readonly routes: KeyedSlots
  readonly limits = new LimitTables()
  readonly limitStats: KeyedSlots
  /** How the threads do. */
  readonly threads: LiveTable
  readonly #clients: ClientCountsShare
  /** How many gateways share the store, this one included. */
  readonly gateways = new Int32Array(new SharedArrayBuffer(4)).fill(1)

  /** @param rows - Threads that write. */
  constructor(rows: number) {
    this.registry = new UpstreamRegistry({ rows })
    this.#clients = createClientCounts(rows)
    this.routes = new KeyedSlots(new LiveTable(ROUTE_LAYOUT, rows))
    this.limitStats = new KeyedSlots(new LiveTable(LIMIT_STATS_LAYOUT, rows))
    this.threads = new LiveTable(THREAD_LAYOUT, rows)
    this.threads.grow(1)
  }

  /** What is counted of requests. */
  get requests(): RouteStats {
    return new RouteStats(this.routes.table, new Map(this.routes.entries()), NO_ROW)
  }

  /** What rate limits decided. */
  get decisions(): LimitStats {
    return new LimitStats(this.limitStats.table, new Map(this.limitStats.entries()), NO_ROW)
  }

  /** Connections of clients. */
  get connections(): ClientCounts {
    return new ClientCounts(this.#clients, NO_ROW)
  }

  /** Makes room for a configuration that may come. @returns What a thread needs to build it. */
  prepare(config: GatewayConfig, version: number): GenerationSpec {
    this.registry.prepare(config.upstreams)
    this.routes.reserve(routeKeys(config))
    this.limitStats.reserve(limitKeys(config))
    return {
      version,
      config,
      backends: share(this.registry.slots),
      groups: share(this.registry.groupSlots),
      routes: share(this.routes),
      limits: this.limits.prepare(config),
      limitStats: share(this.limitStats),
      threads: { rows: this.threads.rows, buffers: this.threads.buffers, slots: [] },
      clients: this.#clients,
      gateways: this.gateways.buffer
    }
  }

  /** It serves. */
  commit(config: GatewayConfig, version: number): void {
    this.registry.commit(config.upstreams, version)
    this.routes.retain(routeKeys(config), version)
    this.limitStats.retain(limitKeys(config), version)
    this.limits.retain(config)
  }

  /** It failed; nothing ever used what was made for it. @param serving - The configuration that serves on. */
  abort(serving: GatewayConfig): void {
    this.registry.abort()
    this.routes.retain(routeKeys(serving), NEVER_USED)
    this.limitStats.retain(limitKeys(serving), NEVER_USED)
    this.limits.retain(serving)
    this.reclaim(NEVER_USED)
  }

  /** Frees what no generation from this one on knows. */
  reclaim(oldestInUse: number): void {
    this.registry.slots.reclaim(oldestInUse)
    this.registry.groupSlots.reclaim(oldestInUse)
    this.routes.reclaim(oldestInUse)
    this.limitStats.reclaim(oldestInUse)
  }

  /** What a dead thread had in flight died with it. */
  clearRow(row: number): void {
    this.registry.table.clearGauges(row)
    this.registry.groupSlots.table.clearGauges(row)
    this.routes.table.clearGauges(row)
    this.threads.clearGauges(row)
    this.limits.releaseLocksOf(row)
    this.connections.clearRow(row)
  }
}

/** The control plane's, which only reads. */
const NO_ROW = -1

/** No generation is as old as this. */
const NEVER_USED = 0

function routeKeys(config: GatewayConfig): string[] {
  return [NO_ROUTE, ...config.routes.map(({ name }) => name)]
}

function limitKeys(config: GatewayConfig): string[] {
  return limitsOf(config).map(([id]) => id)
}

function share(slots: KeyedSlots): LiveShare {
  return { rows: slots.table.rows, buffers: slots.table.buffers, slots: slots.entries() }
}
