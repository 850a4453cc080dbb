import type { AddressBlocks } from '../address-blocks.ts'
import type { Balancer } from '../balancing/balancer.ts'
import type { RetryConfig, RouteConfig, TimeoutsConfig } from '../config/types.ts'
import type { Backend } from '../upstreams/backend.ts'
import type { UpstreamGroup, UpstreamGroups } from '../upstreams/group.ts'
import { tlsSettings } from '../tls/upstream-tls.ts'
import type { UpstreamConnection } from './connection.ts'
import type { Connections, PoolSettings } from './connections.ts'
import { RetryBudget } from './retry-budget.ts'

/** Where a route's requests go and how, fixed for one generation. */
export interface ForwardingTarget {
  readonly route: RouteConfig
  readonly group: UpstreamGroup
  readonly balancer: Balancer<Backend>
  readonly timeouts: TimeoutsConfig
  readonly retry: RetryConfig
  readonly budget: RetryBudget
  /** The connections to each backend of the group. */
  readonly connections: ReadonlyMap<Backend, UpstreamConnection>
  /** Whose X-Forwarded-* is believed. */
  readonly trusted: AddressBlocks
}

/** What targets are made from. */
export interface TargetSources {
  readonly upstreams: UpstreamGroups
  readonly balancers: ReadonlyMap<string, Balancer<Backend>>
  readonly connections: Connections
  readonly trusted: AddressBlocks
}

/** How long an idle connection to a backend is kept, in milliseconds, unless the backend says less. */
const KEEP_ALIVE = 60_000

interface Share {
  readonly settings: PoolSettings
  readonly connections: ReadonlyMap<Backend, UpstreamConnection>
}

/** The targets of one generation's routes. Routes of one group share its budget and, where they can, connections. */
export class ForwardingTargets {
  readonly #sources: TargetSources
  readonly #shares = new Map<string, Share>()
  readonly #budgets = new Map<string, RetryBudget>()

  constructor(sources: TargetSources) {
    this.#sources = sources
  }

  /** @throws Error when the route names a group that does not exist. */
  for(route: RouteConfig): ForwardingTarget {
    const { upstreams, balancers, trusted } = this.#sources
    const group = upstreams.get(route.upstream)
    const balancer = balancers.get(route.upstream)
    if (!group || !balancer)
      throw new Error(`route "${route.name}" names the unknown group "${route.upstream}"`)
    const timeouts = { ...group.settings.timeouts, ...route.timeouts }
    const retry = { ...group.settings.retry, ...route.retry }
    const { connections } = this.#share(group, timeouts.connect)
    return { route, group, balancer, timeouts, retry, budget: this.#budget(group), connections, trusted }
  }

  /** Gives the connections back. */
  async release(): Promise<void> {
    const releases = [...this.#shares.values()].flatMap(({ settings, connections }) =>
      [...connections.keys()].map((backend) => this.#sources.connections.release(backend, settings))
    )
    this.#shares.clear()
    await Promise.all(releases)
  }

  #share(group: UpstreamGroup, connectTimeout: number): Share {
    const key = `${group.name} ${connectTimeout}`
    let share = this.#shares.get(key)
    if (!share) {
      const settings = poolSettings(group, connectTimeout)
      const connections = new Map(
        group.backends.map((backend) => [backend, this.#sources.connections.acquire(backend, settings)])
      )
      this.#shares.set(key, (share = { settings, connections }))
    }
    return share
  }

  #budget({ name }: UpstreamGroup): RetryBudget {
    let budget = this.#budgets.get(name)
    if (!budget) this.#budgets.set(name, (budget = new RetryBudget()))
    return budget
  }
}

function poolSettings({ settings: { protocol, tls } }: UpstreamGroup, connectTimeout: number): PoolSettings {
  const ofTls = tlsSettings(tls)
  return { protocol, connectTimeout, keepAlive: KEEP_ALIVE, ...(ofTls && { tls: ofTls }) }
}
