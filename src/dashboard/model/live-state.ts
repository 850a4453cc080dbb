import {
  BACKEND_COLUMNS,
  type BackendFacts,
  type BackendNumbers,
  type BackendRow,
  type GatewayFacts,
  type GroupDelta,
  type GroupNumbers,
  type LastReload,
  type Lines,
  type LiveEvent,
  type LiveMessage,
  ROUTE_COLUMNS,
  type RouteNumbers,
  type RouteRow,
  type TotalNumbers
} from '../../admin/live/wire.ts'

/** A backend as it is now. The same object as before when nothing of it has changed. */
export interface BackendState {
  readonly facts: BackendFacts
  readonly numbers: BackendNumbers
}

/** A group as it is now. */
export interface GroupState {
  readonly name: string
  readonly numbers: GroupNumbers
  readonly backends: readonly BackendState[]
  readonly lines: Lines
}

/** All that is known from the live stream. */
export interface LiveState {
  /** Milliseconds since the epoch, of the last message. */
  readonly at: number
  /** Seconds over which rates and quantiles are. */
  readonly window: number
  readonly gateway: GatewayFacts | null
  readonly total: TotalNumbers
  readonly moments: readonly number[]
  readonly lines: Lines
  readonly groups: ReadonlyMap<string, GroupState>
  readonly routes: ReadonlyMap<string, RouteNumbers>
  /** The newest first. */
  readonly events: readonly LiveEvent[]
  readonly reload: LastReload | null
}

/** Moments of a line, and events, that are kept. */
const KEPT = { moments: 180, events: 250 }

const NO_LINES: Lines = { requests: [], failures: [], p50: [], p99: [], inFlight: [] }

/** Before the first message. */
export const NOTHING: LiveState = {
  at: 0,
  window: 10,
  gateway: null,
  total: { requests: null, failures: null, p50: null, p99: null, inFlight: 0 },
  moments: [],
  lines: NO_LINES,
  groups: new Map(),
  routes: new Map(),
  events: [],
  reload: null
}

/** What is known after a message. */
export function applyMessage(before: LiveState, message: LiveMessage): LiveState {
  const known = message.reset ? NOTHING : before
  const { history } = message
  // As the gateway does it: what comes in between, because something happened, is no point of a line.
  const isPoint = message.at - (known.moments.at(-1) ?? 0) >= 900
  const groups = new Map(known.groups)
  for (const name of message.gone ?? []) groups.delete(name)
  for (const delta of message.groups) groups.set(delta.name, applyDelta(groups.get(delta.name), delta))
  for (const [name, group] of groups) {
    const lines =
      history?.groups[name] ??
      (isPoint ? grown(group.lines, group.numbers, known.moments.length) : group.lines)
    groups.set(name, { ...group, lines })
  }
  const routes = new Map(known.routes)
  for (const row of message.routes) routes.set(row[0], routeNumbers(row))
  return {
    at: message.at,
    window: message.window ?? known.window,
    gateway: message.gateway ?? known.gateway,
    total: message.total,
    moments: history?.at ?? (isPoint ? lastOf([...known.moments, message.at]) : known.moments),
    lines:
      history?.total ?? (isPoint ? grown(known.lines, message.total, known.moments.length) : known.lines),
    groups,
    routes,
    events: [...message.events.toReversed(), ...known.events].slice(0, KEPT.events),
    reload: message.reload ?? known.reload
  }
}

function applyDelta(before: GroupState | undefined, delta: GroupDelta): GroupState {
  const old = before?.backends ?? []
  const backends: BackendState[] = delta.backends
    ? delta.backends.map((facts, place) => ({ facts, numbers: old[place]?.numbers ?? UNKNOWN }))
    : [...old]
  for (const row of delta.rows ?? []) {
    const facts = backends[row[0]]?.facts
    if (facts) backends[row[0]] = { facts, numbers: backendNumbers(row) }
  }
  return {
    name: delta.name,
    numbers: delta.numbers ?? before!.numbers,
    backends,
    lines: before?.lines ?? NO_LINES
  }
}

function backendNumbers(row: BackendRow): BackendNumbers {
  const [, ...values] = row
  return Object.fromEntries(
    BACKEND_COLUMNS.map((column, index) => [column, values[index]])
  ) as unknown as BackendNumbers
}

function routeNumbers([, ...values]: RouteRow): RouteNumbers {
  return Object.fromEntries(
    ROUTE_COLUMNS.map((column, index) => [column, values[index]])
  ) as unknown as RouteNumbers
}

/** Lines with one point more. A line that is younger than the others begins with a gap. */
function grown(lines: Lines, numbers: TotalNumbers, length: number): Lines {
  const line = (name: keyof Lines): (number | null)[] => {
    const gap = Array<null>(Math.max(0, length - lines[name].length)).fill(null)
    return lastOf([...gap, ...lines[name], numbers[name]])
  }
  return {
    requests: line('requests'),
    failures: line('failures'),
    p50: line('p50'),
    p99: line('p99'),
    inFlight: line('inFlight')
  }
}

function lastOf<T>(points: T[]): T[] {
  return points.length > KEPT.moments ? points.slice(-KEPT.moments) : points
}

/** Rows always come along with new facts: nobody sees this. */
const UNKNOWN = {
  health: 'unhealthy',
  reason: 'initial',
  since: 0,
  state: 'active',
  leaving: null,
  ejectedUntil: null,
  inFlight: 0,
  share: 0,
  requests: null,
  failures: null,
  p50: null,
  p99: null,
  attempts: 0,
  failed: 0,
  failuresInRow: 0,
  latency: null,
  utilization: null
} as const satisfies BackendNumbers
