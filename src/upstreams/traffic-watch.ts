import type { Lineup } from '../balancing/lineup.ts'
import { sharedNow } from '../shared-clock.ts'
import type { Backend } from './backend.ts'
import { lineupOf } from './group-lineup.ts'
import type { UpstreamGroup, UpstreamGroups } from './group.ts'
import type { TrafficState } from './registry-events.ts'
import type { UpstreamRegistry } from './registry.ts'

/**
 * Has the registry emit `traffic` whenever new traffic of one of its groups begins to go elsewhere. What a group does
 * when it is first seen is no news.
 *
 * @returns Ends it.
 */
export function watchTraffic(registry: UpstreamRegistry): () => void {
  const states = new Map<string, TrafficState>()
  const look = (group: UpstreamGroup): void => {
    const { name } = group
    const lineup = lineupOf(group, sharedNow())
    const from = states.get(name)
    const to = stateOf(lineup)
    states.set(name, to)
    if (from === undefined || from === to) return
    const tiers = lineup.tiers.map(({ tier, share, isPanic }) => ({ tier, share, panic: isPanic }))
    registry.emit('traffic', { group: name, from, to, tiers })
  }
  const onChange = ({ group }: { readonly group: string }): void => {
    const changed = registry.groups.get(group)
    if (changed) look(changed)
  }
  const onGroups = (groups: UpstreamGroups): void => {
    for (const name of states.keys()) if (!groups.has(name)) states.delete(name)
    for (const group of groups.values()) look(group)
  }
  registry.on('flip', onChange).on('state', onChange).on('ejection', onChange).on('groups', onGroups)
  onGroups(registry.groups)
  return () => {
    registry.off('flip', onChange).off('state', onChange).off('ejection', onChange).off('groups', onGroups)
  }
}

function stateOf({ tiers, firstTier, isPanic }: Lineup<Backend>): TrafficState {
  if (tiers.length === 0) return 'nobody'
  if (isPanic) return 'panic'
  return tiers.some(({ tier, share }) => tier !== firstTier && share > 0) ? 'spilled' : 'first_tier'
}
