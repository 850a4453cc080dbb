import type { UpstreamGroupConfig } from '../config/types.ts'
import { Backend, backendKey, backendId } from './backend.ts'
import { GroupLive, LOAD_PLACE } from './group-live.ts'
import { GroupLoad } from './group-load.ts'
import type { LiveTable } from './live-table.ts'

/** Everything about a group but its backends. */
export type GroupSettings = Omit<UpstreamGroupConfig, 'backends'>

/** A named service as a thread sees it: an immutable list of backends and how to treat them. */
export interface UpstreamGroup {
  readonly name: string
  readonly settings: GroupSettings
  readonly backends: readonly Backend[]
  /** What the threads share about it as a whole. */
  readonly live: GroupLive
  /** How much of it is under way; absent when it has no `concurrency`. */
  readonly load?: GroupLoad
}

/** The groups of one generation, by name. */
export type UpstreamGroups = ReadonlyMap<string, UpstreamGroup>

/** The shared memory that a thread's view of the groups is built over. */
export interface GroupSources {
  readonly backends: LiveTable
  /** Place of a backend's live state, by {@link backendKey}. */
  readonly backendSlot: (key: string) => number | undefined
  readonly groups: LiveTable
  /** Place of a group's live state, by its name. */
  readonly groupSlot: (name: string) => number | undefined
  /** The calling thread's row. */
  readonly row: number
  /** Called when a failure of this thread makes a backend suspect. */
  readonly onSuspect?: (backend: Backend) => void
}

/**
 * Builds a thread's view of the configured groups over shared live state.
 *
 * @throws Error when one of them has none.
 */
export function buildGroups(configs: readonly UpstreamGroupConfig[], sources: GroupSources): UpstreamGroups {
  return new Map(
    configs.map(({ backends, ...settings }) => {
      const { name } = settings
      const slot = sources.groupSlot(name)
      if (slot === undefined) throw new Error(`group ${name} has no live state`)
      const live = new GroupLive(sources.groups, slot, sources.row)
      const context = {
        group: name,
        table: sources.backends,
        live,
        row: sources.row,
        suspectAfter: settings.outlierDetection?.consecutiveFailures ?? Infinity,
        onSuspect: sources.onSuspect ?? (() => {})
      }
      const views = backends.map((facts, place) => {
        const { url } = facts
        const slotOfIt = sources.backendSlot(backendKey(name, url))
        if (slotOfIt === undefined) throw new Error(`backend ${url} of group ${name} has no live state`)
        return new Backend({ ...facts, id: backendId(url), place, slot: slotOfIt }, context)
      })
      const load = settings.concurrency && new GroupLoad(sources.groups, slot, sources.row, LOAD_PLACE)
      return [name, { name, settings, backends: views, live, ...(load && { load }) }]
    })
  )
}
