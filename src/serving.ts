import { isDeepStrictEqual } from 'node:util'
import type { Logger } from 'pino'
import { type Addresses, nextAddresses } from './addresses.ts'
import type { GatewayConfig } from './config/types.ts'
import type { LiveState } from './live-state.ts'
import { RouteTable } from './routing/route-table.ts'
import type { Listener } from './threads/listener.ts'
import type { ThreadPool } from './threads/thread-pool.ts'

/** Does something of its own with whatever configuration serves. */
export interface Follower {
  /** This one serves from now on. */
  follow(config: GatewayConfig): void
  /** This one is going to serve, unless something fails: what takes a while may be done before. */
  prepare?(config: GatewayConfig): Promise<void>
}

/** What {@link Serving} is made of. */
export interface ServingParts {
  readonly config: GatewayConfig
  readonly addresses: Addresses
  /** Worker threads; 0 = this one serves. */
  readonly workers: number
  readonly live: LiveState
  readonly pool: ThreadPool
  readonly adminListener: Listener
  readonly followers: readonly Follower[]
  readonly log: Logger
}

/** The generation that serves on all threads, and how the next takes its place: by all, or by none. */
export class Serving {
  readonly #parts: ServingParts
  #config: GatewayConfig
  #table: RouteTable
  #addresses: Addresses
  #version = 1
  #tried = 1

  constructor(parts: ServingParts) {
    this.#parts = parts
    this.#config = parts.config
    this.#addresses = parts.addresses
    this.#table = tableOf(parts.config)
  }

  get config(): GatewayConfig {
    return this.#config
  }

  /** Its routes. */
  get table(): RouteTable {
    return this.#table
  }

  /** Number of the generation. */
  get version(): number {
    return this.#version
  }

  get addresses(): Addresses {
    return this.#addresses
  }

  /**
   * Lets all threads serve the first generation.
   *
   * @param ready - Called when live state knows the configuration, before any thread listens.
   */
  async start(config: GatewayConfig, ready: () => Promise<void>): Promise<void> {
    const { live, pool } = this.#parts
    this.#config = config
    this.#table = tableOf(config)
    const spec = live.prepare(config, this.#version)
    live.commit(config, this.#version)
    this.#tellFollowers()
    await ready()
    await pool.start(spec, this.#addresses.front, this.#addresses.redirect)
  }

  /**
   * Serves another configuration, in two phases over all threads.
   *
   * @param onCommit - Called when nothing can be taken back any more.
   * @throws Error when nothing was changed.
   */
  async apply(next: GatewayConfig, onCommit = async (): Promise<void> => {}): Promise<void> {
    const { live, pool, adminListener, workers, log } = this.#parts
    const before = this.#config
    const addresses = await nextAddresses(this.#addresses, before, next)
    const version = ++this.#tried
    const spec = live.prepare(next, version)
    try {
      await pool.prepare(spec)
    } catch (error) {
      live.abort(before)
      throw error
    }
    try {
      await adminListener.listen(addresses.admin)
    } catch (error) {
      await pool.abort(version)
      live.abort(before)
      throw error
    }
    for (const follower of this.#parts.followers) await follower.prepare?.(next)
    await onCommit()
    this.logFailures(await pool.commit(spec, addresses.front, addresses.redirect))
    live.commit(next, version)
    this.#config = next
    this.#table = tableOf(next)
    this.#version = version
    this.#addresses = addresses
    this.#tellFollowers()
    if (next.server.workers !== before.server.workers)
      log.warn({ workers }, 'server.workers takes effect at the next start')
    if (next.log.format !== before.log.format) log.warn('log.format takes effect at the next start')
    if (!isDeepStrictEqual(next.store, before.store))
      log.warn('what is registered moves to another store at the next start; rate limits do at once')
    live.reclaim(pool.oldest)
  }

  /** Says which threads could not take something over. */
  logFailures(errors: readonly Error[]): void {
    for (const error of errors)
      this.#parts.log.error({ err: error }, 'a worker thread failed to take over and is replaced')
  }

  #tellFollowers(): void {
    for (const follower of this.#parts.followers) follower.follow(this.#config)
  }
}

function tableOf({ routes, server }: GatewayConfig): RouteTable {
  return new RouteTable(routes, server.limits.maxHeaders)
}
