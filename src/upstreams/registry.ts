import { EventEmitter } from 'node:events'
import type { UpstreamGroupConfig } from '../config/types.ts'
import type { HealthReason } from '../health/types.ts'
import { BACKEND_LAYOUT, type Backend, backendKey, STATUS } from './backend.ts'
import { buildGroups, type UpstreamGroup, type UpstreamGroups } from './group.ts'
import { LiveTable } from './live-table.ts'
import { KeyedSlots } from './slots.ts'

/** What a backend's health is and why, since when (milliseconds since the epoch). */
export interface ObservedHealth {
  readonly health: 'healthy' | 'unhealthy'
  readonly reason: HealthReason
  readonly since: number
}

/** A backend became well or ill. */
export interface HealthFlip {
  readonly group: string
  readonly backend: string
  readonly url: string
  readonly from: ObservedHealth['health']
  readonly to: ObservedHealth['health']
  readonly reason: HealthReason
}

/** A verdict on one backend, from whoever observes it. */
export interface HealthObservation {
  readonly group: string
  readonly id: string
  readonly healthy: boolean
  readonly reason: HealthReason
}

interface RegistryEvents {
  /** Groups or backends changed; carries the new view. */
  groups: [UpstreamGroups]
  flip: [HealthFlip]
}

/**
 * The owner of all groups and backends: it gives backends their place in live state, writes their health, and
 * keeps both over configuration changes for the backends that stay. One per process, on the control plane.
 */
export class UpstreamRegistry extends EventEmitter<RegistryEvents> {
  readonly table: LiveTable
  readonly slots: KeyedSlots
  readonly #observed = new Map<string, ObservedHealth>()
  readonly #now: () => number
  #groups: UpstreamGroups = new Map()

  /**
   * @param options.rows - Threads that will count in-flight requests; the control plane's view uses row 0.
   * @param options.now - Clock, milliseconds since the epoch.
   */
  constructor(options: { rows?: number; now?: () => number } = {}) {
    super()
    this.#now = options.now ?? Date.now
    this.table = new LiveTable(BACKEND_LAYOUT, options.rows ?? 1)
    this.slots = new KeyedSlots(this.table)
  }

  /** The control plane's own view; read it, never keep it. */
  get groups(): UpstreamGroups {
    return this.#groups
  }

  /**
   * Makes room for the backends of groups that may come: new ones get live state and start as their group's
   * `healthCheck.initially` says. Nothing else changes until {@link commit}, or ever.
   *
   * @returns The place of every backend's live state, for the other threads.
   */
  prepare(configs: readonly UpstreamGroupConfig[]): [key: string, slot: number][] {
    const added = new Set(this.slots.reserve(keysOf(configs)))
    for (const group of this.#build(configs).values()) {
      for (const backend of group.backends) {
        if (added.has(keyOf(backend))) this.#introduce(group, backend)
      }
    }
    return this.slots.entries()
  }

  /**
   * Makes these the groups; they were prepared before. Backends that stay (same group and origin) keep their numbers
   * and health.
   *
   * @param version - Generation that first uses them.
   */
  commit(configs: readonly UpstreamGroupConfig[], version: number): void {
    const keys = keysOf(configs)
    this.slots.retain(keys, version)
    this.#groups = this.#build(configs)
    this.#forget(new Set(keys))
    for (const group of this.#groups.values()) {
      if (group.settings.healthCheck) continue
      // One that was ill is not any more: nobody looks.
      for (const backend of group.backends) this.#judge(backend, true, 'no_health_check')
    }
    this.emit('groups', this.#groups)
  }

  /** Gives up what was prepared beyond the present groups: nothing ever used it. */
  abort(): void {
    const keys = [...this.#groups.values()].flatMap((group) => group.backends.map(keyOf))
    this.slots.retain(keys, 0)
    this.#forget(new Set(keys))
  }

  /** What is known of a backend's health. */
  observed(backend: Backend): ObservedHealth {
    const known = this.#observed.get(keyOf(backend))
    if (!known) throw new Error(`backend ${backend.url} is not registered in group ${backend.group}`)
    return known
  }

  find(group: string, id: string): Backend | undefined {
    return this.#groups.get(group)?.backends.find((backend) => backend.id === id)
  }

  /** Takes a verdict: writes the status word that all threads see, and emits `flip` when the health changed. */
  observe(observation: HealthObservation): void {
    const backend = this.find(observation.group, observation.id)
    if (backend) this.#judge(backend, observation.healthy, observation.reason)
  }

  #judge(backend: Backend, healthy: boolean, reason: HealthReason): void {
    const { health: from, since } = this.observed(backend)
    const to = healthy ? 'healthy' : 'unhealthy'
    this.#set(backend, { health: to, reason, since: from === to ? since : this.#now() })
    if (from === to) return
    const { group, id, url } = backend
    this.emit('flip', { group, backend: id, url, from, to, reason })
  }

  #build(configs: readonly UpstreamGroupConfig[]): UpstreamGroups {
    return buildGroups(configs, (key) => this.slots.get(key), this.table, 0)
  }

  #introduce({ settings: { healthCheck } }: UpstreamGroup, backend: Backend): void {
    this.#set(backend, {
      health: healthCheck?.initially ?? 'healthy',
      reason: healthCheck ? 'initial' : 'no_health_check',
      since: this.#now()
    })
  }

  #set(backend: Backend, observed: ObservedHealth): void {
    this.#observed.set(keyOf(backend), observed)
    backend.setStatus(STATUS.ill, observed.health === 'unhealthy')
  }

  #forget(keys: ReadonlySet<string>): void {
    for (const key of this.#observed.keys()) if (!keys.has(key)) this.#observed.delete(key)
  }
}

function keyOf(backend: Backend): string {
  return backendKey(backend.group, backend.url)
}

function keysOf(configs: readonly UpstreamGroupConfig[]): string[] {
  return configs.flatMap((group) => group.backends.map(({ url }) => backendKey(group.name, url)))
}
