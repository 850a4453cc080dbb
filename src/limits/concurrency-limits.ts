import type { ConcurrencyConfig } from '../config/types.ts'
import type { LoadTotals } from '../upstreams/group-load.ts'
import { Gradient2 } from './gradient2.ts'
import { type OverloadChange, Shedding } from './shedding.ts'

/** A group as its concurrency limit sees it; the numbers are live. */
export interface LimitedGroup {
  readonly name: string
  readonly settings: { readonly concurrency?: ConcurrencyConfig }
  /** What the threads count, and go by. */
  readonly load?: {
    readonly limit: number
    readonly totals: LoadTotals
    /** Refused so far, by class. */
    readonly refused: readonly [number, number, number]
    setLimit(limit: number): void
    takePeak(): number
    ageDemand(isNeeded: boolean): void
  }
}

/** Answers that make a window before its time is up: enough for a mean that chance does not move. */
const ENOUGH = 100
/** Fewer say nothing: the window goes on until there are as many. */
const TOO_FEW = 10
/** How long a window with enough answers is at most, in milliseconds; also how often what is kept for a class is looked at. */
const LONGEST = 1000
/** After so long without, a window begins anew: what it has is old. In milliseconds. */
const STALE = 10 * LONGEST

/** How long after a refusal places are kept for those who matter more, in milliseconds. */
const MEMORY = 3000

/** The limit to begin with: what a service can do is found from there within seconds, up or down. */
const FIRST_LIMIT = 50

interface Limited {
  group: LimitedGroup
  readonly gradient: Gradient2
  readonly shedding: Shedding
  totals: LoadTotals
  /** Refused until the last window. */
  refused: number
  /** When the present window began, and the present second. */
  since: number
  aged: number
  /** Windows that had enough answers. */
  windows: number
  /** Refused of the first two classes so far, and when the last of them was seen. */
  upperRefused: number
  refusedAt: number
}

/** The concurrency limits of all groups that have one: looks at what the threads counted, and tells them. */
export class ConcurrencyLimits {
  readonly #onChange: (change: OverloadChange) => void
  readonly #limited = new Map<string, Limited>()

  /** @param onChange - Told when shedding begins and ends. */
  constructor(onChange: (change: OverloadChange) => void) {
    this.#onChange = onChange
  }

  /** Whether no group has one. */
  get isIdle(): boolean {
    return this.#limited.size === 0
  }

  /** Takes the groups as they are now; what is known of those that stay, stays. @param now - Milliseconds. */
  update(groups: Iterable<LimitedGroup>, now: number): void {
    const gone = new Set(this.#limited.keys())
    for (const group of groups) {
      const { concurrency } = group.settings
      if (!concurrency || !group.load) continue
      gone.delete(group.name)
      const known = this.#limited.get(group.name)
      if (known) follow(known, group, now)
      else this.#limited.set(group.name, limited(group, now))
      this.#configure(this.#limited.get(group.name)!, concurrency)
    }
    for (const name of gone) this.#limited.delete(name)
  }

  /** Looks again; to be called every 100 ms or so. @param now - Milliseconds of any clock that never goes back. */
  tick(now: number): void {
    for (const each of this.#limited.values()) {
      const { load, settings, name } = each.group
      const { refused } = load!
      if (refused[0] + refused[1] > each.upperRefused) {
        each.upperRefused = refused[0] + refused[1]
        each.refusedAt = now
      }
      if (settings.concurrency!.mode === 'adaptive') adapt(each, now)
      if (now - each.aged >= LONGEST) {
        each.aged = now
        load!.ageDemand(now - each.refusedAt < MEMORY)
      }
      const change = each.shedding.observe(refused, now)
      if (change) this.#onChange({ group: name, limit: load!.limit, ...change })
    }
  }

  #configure({ group, gradient }: Limited, { mode, min, max }: ConcurrencyConfig): void {
    gradient.configure(min, max)
    group.load!.setLimit(mode === 'static' ? max : gradient.limit)
  }
}

/** Goes on with a group as it is now. While its limit was static, nobody looked: what was counted is old. */
function follow(known: Limited, group: LimitedGroup, now: number): void {
  if (known.group.settings.concurrency!.mode === 'static') {
    known.totals = group.load!.totals
    known.refused = sum(group.load!.refused)
    known.since = now
  }
  known.group = group
}

function limited(group: LimitedGroup, now: number): Limited {
  const { concurrency, load } = { concurrency: group.settings.concurrency!, load: group.load! }
  const { min, max } = concurrency
  return {
    group,
    // One that another process life of this group has left would be older than what is seen soon.
    gradient: new Gradient2(min, max, Math.max(min, FIRST_LIMIT)),
    shedding: new Shedding(load.refused),
    totals: load.totals,
    refused: sum(load.refused),
    since: now,
    aged: now,
    windows: 0,
    upperRefused: load.refused[0] + load.refused[1],
    refusedAt: -Infinity
  }
}

/**
 * Ends the window when it has many answers, or is long enough and has some: of a slow service few come in a second. The
 * first one is not looked at, as the slow answers of what came in it are still to come: it would make everything later
 * look like overload. The second one, which says first what is usual, lasts as long as windows may.
 */
function adapt(each: Limited, now: number): void {
  const { gradient, totals: before } = each
  const load = each.group.load!
  const { totals } = load
  const age = now - each.since
  const hasMany = totals.answered - before.answered >= ENOUGH && each.windows !== 1
  if (!hasMany && age < LONGEST) return
  const latency = meanLatency(before, totals, gradient.usual)
  if (latency === undefined && age < STALE) return
  const refused = sum(load.refused)
  const peak = load.takePeak()
  if (latency !== undefined && each.windows++ > 0) {
    gradient.observe({ latency, peak, hasRefused: refused > each.refused, now })
    load.setLimit(gradient.limit)
  }
  each.totals = totals
  each.refused = refused
  each.since = now
}

/**
 * Mean time to an answer; undefined when too little is known of it. Requests that nobody answered took at least as long
 * as they were waited for: they count when that is longer than usual, or the slowest would be left out; those that were
 * given up early say nothing, and what is usual is never learnt from them.
 */
function meanLatency(before: LoadTotals, after: LoadTotals, usual: number | undefined): number | undefined {
  let count = after.answered - before.answered
  let time = after.answeredTime - before.answeredTime
  const lost = after.unanswered - before.unanswered
  const waited = after.unansweredTime - before.unansweredTime
  if (lost > 0 && usual !== undefined && waited / lost > usual) {
    count += lost
    time += waited
  }
  return count < TOO_FEW || time <= 0 ? undefined : time / count
}

function sum(refused: readonly [number, number, number]): number {
  return refused[0] + refused[1] + refused[2]
}
