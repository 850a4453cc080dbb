import { isDeepStrictEqual } from 'node:util'
import type { Logger } from 'pino'
import type { GatewayConfig } from '../config/types.ts'
import type { DiscoveredBackend } from '../discovery/provider.ts'
import { createProvider } from '../discovery/providers.ts'
import type { RegistrationStore, StoreSnapshot } from '../store/registrations.ts'
import type { EventLog, StoreEvent } from '../telemetry/events.ts'
import { backendKey } from '../upstreams/backend.ts'
import type { UpstreamRegistry } from '../upstreams/registry.ts'
import { Departures } from './departures.ts'
import { Discoveries, type DiscoveryNews } from './discoveries.ts'
import { registrationNews } from './news.ts'
import { type RegistrationConflict, registrationConflicts, withRunTimeBackends } from './overlay.ts'
import { Registrar } from './registrar.ts'

/** What {@link Membership} needs, and whom it tells. */
export interface MembershipOptions {
  /** Ends with it. */
  readonly store: RegistrationStore
  readonly registry: UpstreamRegistry
  readonly log: Logger
  readonly events: EventLog
  /** Id of this gateway. */
  readonly id: string
  /** Whether no other gateway uses the store, so that all removals are this one's to see to. */
  readonly isAlone: boolean
  /** Puts what {@link Membership.complete} and {@link Membership.applyStates} say in force on all threads. */
  readonly enforce: () => Promise<void>
}

/**
 * Who is in the groups besides those whom the file names, and what operators want of whom: what the store keeps, and what
 * is discovered. Has every change of either put in force.
 */
export class Membership {
  readonly registrar: Registrar
  readonly #options: MembershipOptions
  readonly #departures: Departures
  readonly #discoveries: Discoveries
  /** By group; one that discovers nothing is not in it. */
  #discovered: ReadonlyMap<string, readonly DiscoveredBackend[]> = new Map()
  #known: StoreSnapshot
  #conflicts: readonly RegistrationConflict[] = []
  /** Of the store, in the last event. */
  #told: StoreEvent['state'] | undefined

  constructor(options: MembershipOptions) {
    const { store, registry, id, isAlone, enforce } = options
    this.#options = options
    this.#known = store.snapshot
    this.registrar = new Registrar({ registry, store, id, now: Date.now, enforce })
    this.#departures = new Departures({ registry, store, id, isAlone, now: Date.now })
    this.#discoveries = new Discoveries({
      create: createProvider,
      onBackends: (group, backends) => this.#discover(group, backends),
      onStatus: (news) => this.#tellOfDiscovery(news)
    })
    store.on('change', (snapshot) => this.#take(snapshot))
    store.on('trouble', (reason) => this.#tellOfTrouble(reason))
  }

  get store(): RegistrationStore {
    return this.#options.store
  }

  /** How the discovery of each group that has one goes: why it fails; undefined = it works. */
  get discoveries(): ReadonlyMap<string, string | undefined> {
    return this.#discoveries.reasons
  }

  /** Registrations that are not wholly in force. */
  get conflicts(): readonly RegistrationConflict[] {
    return this.#conflicts
  }

  /** A configuration of the file with all backends that there are. */
  complete(config: GatewayConfig): GatewayConfig {
    return withRunTimeBackends(config, { snapshot: this.store.snapshot, discovered: this.#discovered })
  }

  /** A configuration of the file is in force: looks for backends where it says, and at what stands in its way. */
  follow(config: GatewayConfig): void {
    const sources = { snapshot: this.store.snapshot, discovered: this.#discovered }
    const conflicts = registrationConflicts(config, sources)
    for (const conflict of conflicts) {
      const isNews = !this.#conflicts.some((known) => isDeepStrictEqual(known, conflict))
      if (isNews) this.#options.log.warn(conflict, 'a registration is not wholly in force')
    }
    this.#conflicts = conflicts
    this.#departures.sweep()
    this.#discoveries.follow(config.upstreams)
  }

  /** Gives all backends the states that operators want of them. */
  applyStates(): void {
    const { registry } = this.#options
    const { entries } = this.store.snapshot
    for (const group of registry.groups.values()) {
      for (const { id, url } of group.backends) {
        registry.setState(group.name, id, entries.get(backendKey(group.name, url))?.state ?? 'active')
      }
    }
  }

  async close(): Promise<void> {
    this.#departures.stop()
    this.#discoveries.stop()
    await this.store.close()
  }

  #take(snapshot: StoreSnapshot): void {
    const { events, log } = this.#options
    for (const news of registrationNews(this.#known, snapshot)) {
      events.record({ type: 'registration', ...news })
      log.info(news, 'registration of a backend')
    }
    this.#known = snapshot
    this.#enforce()
  }

  #discover(group: string, backends: readonly DiscoveredBackend[] | undefined): void {
    const next = new Map(this.#discovered)
    if (backends) next.set(group, backends)
    else next.delete(group)
    this.#discovered = next
    this.#enforce()
  }

  /** What can't be put in force now is tried again with the next change. */
  #enforce(): void {
    this.#options.enforce().catch((error: unknown) => {
      this.#options.log.error({ err: error }, 'what has changed at run time can not be put in force')
    })
  }

  #tellOfDiscovery({ group, reason, detail }: DiscoveryNews): void {
    const { events, log } = this.#options
    const facts = { group, ...(reason && { reason }) }
    if (reason) log.warn({ ...facts, detail }, 'discovery fails: the last set of backends stays')
    else log.info(facts, 'discovery works')
    events.record({ type: 'discovery', state: reason ? 'failing' : 'working', ...facts })
  }

  #tellOfTrouble(reason: string | undefined): void {
    const { events, log } = this.#options
    if (reason) log.warn({ reason }, 'the store of registrations can not be written to')
    else log.info('the store of registrations can be written to')
    const state = reason ? 'away' : 'back'
    // Another reason is no news to those who know that it is away.
    if (state === this.#told) return
    this.#told = state
    events.record({ type: 'store', state, use: 'registrations', ...(reason && { reason }) })
  }
}
