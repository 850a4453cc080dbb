import { drawLineup, type Lineup, type LineupSettings } from '../balancing/lineup.ts'
import type { Backend } from './backend.ts'
import type { GroupSettings, UpstreamGroup } from './group.ts'

/** How steeply the share of a backend that came back grows: in proportion to time. */
const AGGRESSION = 1

/** How the lineups of a group are made, by its configuration. */
export function lineupSettings({ panicThreshold, slowStart }: GroupSettings): LineupSettings {
  return {
    panicThreshold,
    slowStart: slowStart === undefined ? undefined : { window: slowStart, aggression: AGGRESSION }
  }
}

/**
 * Who of a group may have new traffic now, as its balancers in all threads have it.
 *
 * @param now - Milliseconds of the shared clock.
 */
export function lineupOf({ backends, settings }: UpstreamGroup, now: number): Lineup<Backend> {
  return drawLineup(backends, lineupSettings(settings), now)
}
