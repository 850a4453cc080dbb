import type { Balancer } from '../balancing/balancer.ts'
import type { RouteConfig, TimeoutsConfig } from '../config/types.ts'
import type { Backend } from '../upstreams/backend.ts'
import type { UpstreamGroup, UpstreamGroups } from '../upstreams/group.ts'
import type { UpstreamConnection } from './connection.ts'
import type { Connections } from './connections.ts'

/** Where a route's requests go, fixed for one generation. */
export interface ForwardingTarget {
  readonly group: UpstreamGroup
  readonly balancer: Balancer<Backend>
  readonly timeouts: TimeoutsConfig
  /** The connections to each backend of the group. */
  readonly connections: ReadonlyMap<Backend, UpstreamConnection>
}

/** What targets are made from. */
export interface TargetSources {
  readonly upstreams: UpstreamGroups
  readonly balancers: ReadonlyMap<string, Balancer<Backend>>
}

/** How long an idle connection to a backend is kept, in milliseconds, unless the backend says less. */
const KEEP_ALIVE = 60_000

/** The targets of one generation's routes; routes that treat their group alike share one. */
export class ForwardingTargets {
  readonly #sources: TargetSources
  readonly #connections: Connections
  readonly #targets = new Map<string, ForwardingTarget>()

  constructor(sources: TargetSources, connections: Connections) {
    this.#sources = sources
    this.#connections = connections
  }

  /** @throws Error when the route names a group that does not exist. */
  for(route: RouteConfig): ForwardingTarget {
    const group = this.#sources.upstreams.get(route.upstream)
    const balancer = this.#sources.balancers.get(route.upstream)
    if (!group || !balancer)
      throw new Error(`route "${route.name}" names the unknown group "${route.upstream}"`)
    const timeouts = { ...group.settings.timeouts, ...route.timeouts }
    const key = `${group.name} ${timeouts.connect} ${timeouts.response}`
    let target = this.#targets.get(key)
    if (!target) {
      const settings = connectionSettings(timeouts)
      const connections = new Map(
        group.backends.map((backend) => [backend, this.#connections.acquire(backend, settings)])
      )
      this.#targets.set(key, (target = { group, balancer, timeouts, connections }))
    }
    return target
  }

  /** Gives the connections back. */
  async release(): Promise<void> {
    const shares = [...this.#targets.values()].flatMap(({ connections, timeouts }) =>
      [...connections.keys()].map((backend) =>
        this.#connections.release(backend, connectionSettings(timeouts))
      )
    )
    this.#targets.clear()
    await Promise.all(shares)
  }
}

function connectionSettings(timeouts: TimeoutsConfig): { connectTimeout: number; keepAlive: number } {
  return { connectTimeout: timeouts.connect, keepAlive: KEEP_ALIVE }
}
