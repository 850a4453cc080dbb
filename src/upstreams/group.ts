import type { UpstreamGroupConfig } from '../config/types.ts'
import { Backend, backendKey, backendId } from './backend.ts'
import type { LiveTable } from './live-table.ts'

/** Everything about a group but its backends. */
export type GroupSettings = Omit<UpstreamGroupConfig, 'backends'>

/** A named service as a thread sees it: an immutable list of backends and how to treat them. */
export interface UpstreamGroup {
  readonly name: string
  readonly settings: GroupSettings
  readonly backends: readonly Backend[]
}

/** The groups of one generation, by name. */
export type UpstreamGroups = ReadonlyMap<string, UpstreamGroup>

/**
 * Builds a thread's view of the configured groups over shared live state.
 *
 * @param slotOf - Place of a backend's live state, by {@link backendKey}.
 * @param row - The calling thread's row.
 */
export function buildGroups(
  configs: readonly UpstreamGroupConfig[],
  slotOf: (key: string) => number | undefined,
  table: LiveTable,
  row: number
): UpstreamGroups {
  return new Map(
    configs.map(({ backends, ...settings }) => {
      const { name } = settings
      const views = backends.map(({ url, weight }) => {
        const slot = slotOf(backendKey(name, url))
        if (slot === undefined) throw new Error(`backend ${url} of group ${name} has no live state`)
        return new Backend(name, { id: backendId(url), url, weight, slot }, table, row)
      })
      return [name, { name, settings, backends: views }]
    })
  )
}
