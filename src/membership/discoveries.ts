import { isDeepStrictEqual } from 'node:util'
import type { DiscoveryConfig, UpstreamGroupConfig } from '../config/types.ts'
import type { DiscoveredBackend, DiscoveryProvider, DiscoveryStatus } from '../discovery/provider.ts'

/** How the discovery of a group goes. */
export interface DiscoveryNews extends DiscoveryStatus {
  readonly group: string
}

/** What {@link Discoveries} needs. */
export interface DiscoveriesOptions {
  readonly create: (config: DiscoveryConfig) => DiscoveryProvider
  /** @param backends - undefined when a group discovers no more. */
  readonly onBackends: (group: string, backends: readonly DiscoveredBackend[] | undefined) => void
  readonly onStatus: (news: DiscoveryNews) => void
}

interface Running {
  readonly config: DiscoveryConfig
  readonly provider: DiscoveryProvider
  /** Why its set is not what the source says now; undefined = it is. */
  reason: string | undefined
}

/** The discovery of every group that has one. */
export class Discoveries {
  readonly #options: DiscoveriesOptions
  readonly #running = new Map<string, Running>()

  constructor(options: DiscoveriesOptions) {
    this.#options = options
  }

  /** Discovers for these groups from now on. What stays as it was goes on undisturbed. */
  follow(groups: readonly Pick<UpstreamGroupConfig, 'name' | 'discovery'>[]): void {
    const wanted = new Map(groups.flatMap(({ name, discovery }) => (discovery ? [[name, discovery]] : [])))
    for (const [name, { config, provider }] of this.#running) {
      const next = wanted.get(name)
      if (next && isDeepStrictEqual(next, config)) continue
      provider.stop()
      this.#running.delete(name)
      // Another source goes on with what the last one said, until it knows better.
      if (!next) this.#options.onBackends(name, undefined)
    }
    for (const [name, config] of wanted) if (!this.#running.has(name)) this.#start(name, config)
  }

  /** How it goes, by group: why the set is not what the source says now; undefined = it is. */
  get reasons(): ReadonlyMap<string, string | undefined> {
    return new Map(Array.from(this.#running, ([group, { reason }]) => [group, reason]))
  }

  stop(): void {
    for (const { provider } of this.#running.values()) provider.stop()
    this.#running.clear()
  }

  #start(group: string, config: DiscoveryConfig): void {
    const provider = this.#options.create(config)
    const running: Running = { config, provider, reason: undefined }
    this.#running.set(group, running)
    provider.start({
      onBackends: (backends) => this.#options.onBackends(group, backends),
      onStatus: (status) => {
        running.reason = status.reason
        this.#options.onStatus({ group, ...status })
      }
    })
  }
}
