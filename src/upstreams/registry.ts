import { EventEmitter } from 'node:events'
import type { UpstreamGroupConfig } from '../config/types.ts'
import type { EjectionReason, ReadmissionReason } from '../health/ejections.ts'
import type { HealthReason } from '../health/types.ts'
import { sharedNow as systemSharedNow, stamp } from '../shared-clock.ts'
import { Ticker } from '../ticker.ts'
import { BACKEND_LAYOUT, type Backend, backendKey } from './backend.ts'
import { GROUP_LAYOUT } from './group-live.ts'
import { buildGroups, type UpstreamGroup, type UpstreamGroups } from './group.ts'
import { LiveTable } from './live-table.ts'
import type { BackendFacts, HealthObservation, RegistryEvents } from './registry-events.ts'
import { KeyedSlots } from './slots.ts'
import {
  type AdministrativeState,
  type Ejection,
  type ObservedHealth,
  observedOf,
  type Standing,
  statusOf
} from './standing.ts'

export type { AdministrativeState, ObservedHealth } from './standing.ts'

/** What a registry is made with. */
export interface RegistryOptions {
  /** Threads that will count in-flight requests; the control plane's view uses row 0. */
  readonly rows?: number
  /** Clock, milliseconds since the epoch. */
  readonly now?: () => number
  /** Milliseconds of the clock that all threads share. */
  readonly sharedNow?: () => number
}

/** How often drains and slow starts are looked after while there are any, in milliseconds. */
const TICK = 100

/**
 * The owner of all groups and backends: it gives backends their place in live state, writes their status, which comes of
 * what probes say, of ejections and of what an operator wants, and keeps all that over configuration changes for the
 * backends that stay. One per process, on the control plane.
 */
export class UpstreamRegistry extends EventEmitter<RegistryEvents> {
  readonly table: LiveTable
  /** Of backends, by {@link backendKey}. */
  readonly slots: KeyedSlots
  /** Of groups, by name. */
  readonly groupSlots: KeyedSlots
  readonly #standings = new Map<string, Standing>()
  readonly #now: () => number
  readonly #sharedNow: () => number
  readonly #ticker = new Ticker(TICK, () => this.tick())
  #groups: UpstreamGroups = new Map()

  constructor({ rows = 1, now = Date.now, sharedNow = systemSharedNow }: RegistryOptions = {}) {
    super()
    this.#now = now
    this.#sharedNow = sharedNow
    this.table = new LiveTable(BACKEND_LAYOUT, rows)
    this.slots = new KeyedSlots(this.table)
    this.groupSlots = new KeyedSlots(new LiveTable(GROUP_LAYOUT, rows))
  }

  /** The control plane's own view; read it, never keep it. */
  get groups(): UpstreamGroups {
    return this.#groups
  }

  /**
   * Makes room for the backends of groups that may come: new ones get live state and start as their group's
   * `healthCheck.initially` says. Nothing else changes until {@link commit}, or ever. What threads then build from it
   * sees the status of all.
   */
  prepare(configs: readonly UpstreamGroupConfig[]): void {
    this.groupSlots.reserve(configs.map(({ name }) => name))
    const added = new Set(this.slots.reserve(keysOf(configs)))
    for (const group of this.#build(configs).values()) {
      for (const backend of group.backends) {
        if (added.has(keyOf(backend))) this.#introduce(group, backend)
      }
    }
  }

  /**
   * Makes these the groups; they were prepared before. Backends that stay (same group and origin) keep their numbers,
   * health, ejection and administrative state.
   *
   * @param version - Generation that first uses them.
   */
  commit(configs: readonly UpstreamGroupConfig[], version: number): void {
    const keys = keysOf(configs)
    this.slots.retain(keys, version)
    this.groupSlots.retain(
      configs.map(({ name }) => name),
      version
    )
    this.#groups = this.#build(configs)
    this.#forget(new Set(keys))
    for (const group of this.#groups.values()) {
      if (group.settings.healthCheck) continue
      // One that was ill is not any more: nobody looks.
      for (const backend of group.backends) this.#judge(group, backend, true, 'no_health_check')
    }
    this.#ticker.start()
    this.emit('groups', this.#groups)
  }

  /** Gives up what was prepared beyond the present groups: nothing ever used it. */
  abort(): void {
    const keys = [...this.#groups.values()].flatMap((group) => group.backends.map(keyOf))
    this.slots.retain(keys, 0)
    this.groupSlots.retain(this.#groups.keys(), 0)
    this.#forget(new Set(keys))
  }

  find(group: string, id: string): Backend | undefined {
    return this.#groups.get(group)?.backends.find((backend) => backend.id === id)
  }

  /** What is known of a backend's health: that of its probes, or that it is ejected. */
  observed(backend: Backend): ObservedHealth {
    return observedOf(this.#standing(backend))
  }

  /** What an operator wants of a backend. */
  administrative(backend: Backend): AdministrativeState {
    return this.#standing(backend).state
  }

  /** Its ejection, if it is ejected. */
  ejection(backend: Backend): Ejection | undefined {
    return this.#standing(backend).ejection
  }

  /** Takes a verdict of probes: emits `flip` when the health by probes changed. */
  observe({ group, id, healthy, reason }: HealthObservation): void {
    const found = this.#locate(group, id)
    if (found) this.#judge(found.group, found.backend, healthy, reason)
  }

  /**
   * Gives a backend the state that an operator wants; emits `state` when it is another one, and `drained` once nothing is
   * in flight any more at one that was taken out of service.
   *
   * @returns false when there is no such backend.
   */
  setState(group: string, id: string, state: AdministrativeState): boolean {
    const found = this.#locate(group, id)
    if (!found) return false
    const { backend } = found
    const { state: from } = this.#standing(backend)
    if (from === state) return true
    this.#change(found.group, backend, { state, isDrained: false })
    this.#ticker.start()
    this.emit('state', { ...factsOf(backend), from, to: state, inFlight: backend.inFlight })
    return true
  }

  /**
   * Takes a backend out for how it treats real traffic; of no effect on one that is out for that already.
   *
   * @param until - When it is going to be readmitted, in milliseconds since the epoch; whoever ejects sees to it.
   */
  eject(group: string, id: string, reason: EjectionReason, until: number): void {
    const found = this.#locate(group, id)
    if (!found || this.ejection(found.backend)) return
    this.#change(found.group, found.backend, { ejection: { reason, since: this.#now(), until } })
    const end = new Date(until).toISOString()
    const change = { state: 'enforced', reason, dryRun: false, until: end } as const
    this.emit('ejection', { ...factsOf(found.backend), ...change })
  }

  /** Ends an ejection; of no effect on a backend that is not ejected. */
  readmit(group: string, id: string, reason: ReadmissionReason): void {
    const found = this.#locate(group, id)
    if (!found || !this.ejection(found.backend)) return
    this.#change(found.group, found.backend, { ejection: undefined })
    this.emit('ejection', { ...factsOf(found.backend), state: 'ended', reason, dryRun: false })
  }

  /**
   * Sees to what only time brings: ends slow starts, and tells of backends that are drained. Runs by itself while there
   * is anything to see to.
   *
   * @returns Whether there is.
   */
  tick(): boolean {
    let isBusy = false
    for (const group of this.#groups.values()) {
      for (const backend of group.backends) {
        const { warmingSince, state, isDrained } = this.#standing(backend)
        const window = group.settings.slowStart ?? 0
        if (warmingSince !== undefined && this.#sharedNow() - warmingSince >= window) {
          this.#change(group, backend, { warmingSince: undefined })
        } else if (warmingSince !== undefined) isBusy = true
        if (state === 'active' || isDrained) continue
        isBusy = true
        if (backend.inFlight > 0) continue
        this.#change(group, backend, { isDrained: true })
        this.emit('drained', { ...factsOf(backend), state })
      }
    }
    return isBusy
  }

  #judge(group: UpstreamGroup, backend: Backend, healthy: boolean, reason: HealthReason): void {
    const { probed, isFounder } = this.#standing(backend)
    const { health: from, since } = probed
    const to = healthy ? 'healthy' : 'unhealthy'
    const verdict = { health: to, reason, since: from === to ? since : this.#now() } as const
    this.#change(group, backend, { probed: verdict, isFounder: false }, !isFounder)
    if (from !== to) this.emit('flip', { ...factsOf(backend), from, to, reason })
  }

  #build(configs: readonly UpstreamGroupConfig[]): UpstreamGroups {
    return buildGroups(configs, {
      backends: this.table,
      backendSlot: (key) => this.slots.get(key),
      groups: this.groupSlots.table,
      groupSlot: (name) => this.groupSlots.get(name),
      row: 0,
      onSuspect: ({ group, id }) => this.emit('suspect', group, id)
    })
  }

  /** One that joins a group that has traffic already is cold beside the others: it starts slowly. */
  #introduce(group: UpstreamGroup, backend: Backend): void {
    const { healthCheck, slowStart } = group.settings
    // Of one that nobody wrote down nothing is known: one good probe tells.
    const preset = backend.source === 'file' ? 'healthy' : 'unhealthy'
    const health = healthCheck ? (backend.initially ?? healthCheck.initially ?? preset) : 'healthy'
    const joins = this.#groups.has(group.name)
    this.#standings.set(keyOf(backend), {
      probed: { health, reason: healthCheck ? 'initial' : 'no_health_check', since: this.#now() },
      ejection: undefined,
      state: 'active',
      isFounder: !joins,
      isDrained: false,
      warmingSince: undefined
    })
    const starts = joins && health === 'healthy' && slowStart !== undefined
    this.#change(group, backend, { warmingSince: starts ? this.#sharedNow() : undefined }, false)
  }

  /**
   * Changes what is known of a backend, and writes what the threads see of it: its status and its slow start.
   *
   * @param mayWarm - Whether it starts slowly if this brings it back.
   */
  #change(group: UpstreamGroup, backend: Backend, change: Partial<Standing>, mayWarm = true): void {
    const before = this.#standings.get(keyOf(backend))!
    const next = { ...before, ...change }
    const status = statusOf(next)
    const isBack = status === 0 && statusOf(before) !== 0
    if (status !== 0) next.warmingSince = undefined
    else if (isBack && mayWarm && group.settings.slowStart !== undefined) {
      next.warmingSince = this.#sharedNow()
      this.#ticker.start()
    }
    this.#standings.set(keyOf(backend), next)
    // The slow start first: no thread may see it back with its whole share.
    backend.setSlowStart(next.warmingSince === undefined ? 0 : stamp(next.warmingSince))
    backend.setStatus(status)
    group.live.renew()
  }

  #standing(backend: Backend): Standing {
    const standing = this.#standings.get(keyOf(backend))
    if (!standing) throw new Error(`backend ${backend.url} is not registered in group ${backend.group}`)
    return standing
  }

  #locate(name: string, id: string): { group: UpstreamGroup; backend: Backend } | undefined {
    const group = this.#groups.get(name)
    const backend = this.find(name, id)
    return group && backend && { group, backend }
  }

  #forget(keys: ReadonlySet<string>): void {
    for (const key of this.#standings.keys()) if (!keys.has(key)) this.#standings.delete(key)
  }
}

function factsOf({ group, id, url }: Backend): BackendFacts {
  return { group, backend: id, url }
}

function keyOf(backend: Backend): string {
  return backendKey(backend.group, backend.url)
}

function keysOf(configs: readonly UpstreamGroupConfig[]): string[] {
  return configs.flatMap((group) => group.backends.map(({ url }) => backendKey(group.name, url)))
}
