import { ConsumerFields } from '../access/consumer-fields.ts'
import type { AddressBlocks } from '../address-blocks.ts'
import type { IncomingMessage } from 'node:http'
import type { GroupBalancer } from '../balancing/group-balancer.ts'
import type {
  AuthConfig,
  ClientLimitsConfig,
  RetryConfig,
  RouteConfig,
  SplitPart,
  TimeoutsConfig
} from '../config/types.ts'
import { PRIORITIES } from '../config/types.ts'
import { keyHasher } from '../request-key.ts'
import type { Backend } from '../upstreams/backend.ts'
import type { UpstreamGroup, UpstreamGroups } from '../upstreams/group.ts'
import { tlsSettings } from '../tls/upstream-tls.ts'
import type { UpstreamConnection } from './connection.ts'
import type { Connections, PoolSettings } from './connections.ts'
import { RetryBudget } from './retry-budget.ts'
import { sessionsOf, type Sessions } from './sessions.ts'
import { Split } from './split.ts'
import { WaitingLine } from './waiting-line.ts'

/** Where a route's requests go and how, fixed for one generation: a route and one group that takes part in it. */
export interface ForwardingTarget {
  readonly route: RouteConfig
  readonly group: UpstreamGroup
  /** Class of its requests when the group has too much to do; 0 is refused last. */
  readonly priority: number
  readonly balancer: GroupBalancer<Backend>
  /** The hash of a request's key, for algorithms that go by one; undefined when it has none. */
  readonly keyOf: ((request: IncomingMessage) => number | undefined) | undefined
  /** The group's sessions, when it keeps any. */
  readonly sessions: Sessions | undefined
  /** Where requests wait for a place, when they may. */
  readonly line: WaitingLine | undefined
  readonly timeouts: TimeoutsConfig
  readonly retry: RetryConfig
  /** Largest body of a request, in bytes; Infinity = any. */
  readonly bodyLimit: number
  /** How long a body may take to come over HTTP/2, in milliseconds; 0 = as long as it likes. */
  readonly uploadTimeout: number
  readonly budget: RetryBudget
  /** The connections to each backend of the group. */
  readonly connections: ReadonlyMap<Backend, UpstreamConnection>
  /** Whose X-Forwarded-* is believed. */
  readonly trusted: AddressBlocks
  /** What tells backends who calls; undefined when nobody is asked anywhere. */
  readonly consumer: ConsumerFields | undefined
}

/** What targets are made from. */
export interface TargetSources {
  readonly upstreams: UpstreamGroups
  readonly balancers: ReadonlyMap<string, GroupBalancer<Backend>>
  readonly connections: Connections
  readonly trusted: AddressBlocks
  /** What clients may do, unless their route says otherwise. */
  readonly limits: BodyLimits
  /** What routes ask clients for. */
  readonly auth?: AuthConfig | undefined
}

/** What the server allows of bodies. */
export type BodyLimits = Pick<ClientLimitsConfig, 'bodyLimit' | 'requestTimeout'>

interface Share {
  readonly settings: PoolSettings
  readonly connections: ReadonlyMap<Backend, UpstreamConnection>
}

/** The targets of one generation's routes. Routes of one group share its budget and, where they can, connections. */
export class ForwardingTargets {
  readonly #sources: TargetSources
  readonly #shares = new Map<string, Share>()
  readonly #crews = new Map<string, Crew>()

  constructor(sources: TargetSources) {
    this.#sources = sources
  }

  /** @throws Error when the route names a group that does not exist. */
  for(route: RouteConfig): Split<ForwardingTarget> {
    const parts: readonly SplitPart[] =
      typeof route.upstream === 'string' ? [{ group: route.upstream, weight: 1 }] : route.upstream
    const { trusted } = this.#sources
    return new Split(
      parts.map(({ group, weight }) => ({ weight, target: this.#target(route, group) })),
      { keyOf: route.splitBy && keyHasher(route.splitBy, trusted), random: Math.random }
    )
  }

  #target(route: RouteConfig, name: string): ForwardingTarget {
    const { upstreams, balancers, trusted, limits, auth } = this.#sources
    const group = upstreams.get(name)
    const balancer = balancers.get(name)
    if (!group || !balancer) throw new Error(`route "${route.name}" names the unknown group "${name}"`)
    const timeouts = { ...group.settings.timeouts, ...route.timeouts }
    const retry = { ...group.settings.retry, ...route.retry }
    const { connections } = this.#share(group, timeouts.connect)
    return {
      route,
      group,
      priority: PRIORITIES.indexOf(route.priority ?? 'normal'),
      balancer,
      timeouts,
      retry,
      bodyLimit: (route.bodyLimit ?? limits.bodyLimit) || Infinity,
      // Streams of gRPC may go on for hours: `idle` watches over them.
      uploadTimeout: group.settings.protocol === 'h2' ? 0 : limits.requestTimeout,
      connections,
      trusted,
      consumer: auth && new ConsumerFields(auth, route),
      ...this.#crew(group)
    }
  }

  /** Gives the connections back. */
  async release(): Promise<void> {
    const releases = [...this.#shares.values()].flatMap(({ settings, connections }) =>
      [...connections.keys()].map((backend) => this.#sources.connections.release(backend, settings))
    )
    this.#shares.clear()
    for (const { line } of this.#crews.values()) line?.close()
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

  #crew(group: UpstreamGroup): Crew {
    let crew = this.#crews.get(group.name)
    if (!crew) this.#crews.set(group.name, (crew = crewOf(group, this.#sources.trusted)))
    return crew
  }
}

/** What all routes to a group share besides its connections. */
type Crew = Pick<ForwardingTarget, 'budget' | 'keyOf' | 'sessions' | 'line'>

function crewOf(group: UpstreamGroup, trusted: AddressBlocks): Crew {
  const { balancing, affinity, queue } = group.settings
  const isCapped = group.backends.some(({ maxInFlight }) => maxInFlight > 0)
  return {
    budget: new RetryBudget(),
    keyOf: balancing.key && keyHasher(balancing.key, trusted),
    sessions: affinity && sessionsOf(group, affinity, trusted),
    // Without caps nobody is ever full.
    line: queue.max > 0 && isCapped ? new WaitingLine(group.live, queue) : undefined
  }
}

function poolSettings({ settings }: UpstreamGroup, connectTimeout: number): PoolSettings {
  const { protocol, tls, connections } = settings
  const ofTls = tlsSettings(tls)
  const { keepAlive, perBackend: maxIdle } = connections
  return { protocol, connectTimeout, keepAlive, maxIdle, ...(ofTls && { tls: ofTls }) }
}
