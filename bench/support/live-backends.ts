import { Backend, BACKEND_LAYOUT, backendId } from '../../src/upstreams/backend.ts'
import { GROUP_LAYOUT, GroupLive } from '../../src/upstreams/group-live.ts'
import { LiveTable } from '../../src/upstreams/live-table.ts'

const GROUP = 'catalog'

/** Backends of one group over shared memory, as the last of so many threads sees them. */
export function liveBackends(
  weights: readonly number[],
  rows: number
): { readonly backends: readonly Backend[]; readonly live: GroupLive } {
  const table = new LiveTable(BACKEND_LAYOUT, rows)
  table.grow(weights.length)
  const groups = new LiveTable(GROUP_LAYOUT, rows)
  groups.grow(1)
  const live = new GroupLive(groups, 0, rows - 1)
  const context = {
    group: GROUP,
    table,
    live,
    row: rows - 1,
    suspectAfter: Infinity,
    onSuspect: () => {}
  }
  const backends = weights.map((weight, place) => {
    const url = `http://backend-${place}:3000`
    return new Backend(
      { id: backendId(url), url, weight, tier: 0, maxInFlight: 0, place, slot: place },
      context
    )
  })
  return { backends, live }
}
