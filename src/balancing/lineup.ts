import { ageOf, stamp } from '../shared-clock.ts'
import type { Pool } from './algorithm.ts'
import { type Candidate, STATUS } from './candidate.ts'
import { type SlowStart, slowStartShare } from './slow-start.ts'
import { spill, totalHealth } from './spill.ts'

/** A tier of a lineup. */
export interface Tier<C extends Candidate> extends Pool<C> {
  readonly tier: number
  /** Its share of new traffic, 0 to 1; the shares of all tiers add up to 1. */
  readonly share: number
  /** Whether too few of it are well, so that all are used whatever their health says. */
  readonly isPanic: boolean
}

/** Who may have new traffic, and in which shares: worked out once per change of a status, not per pick. */
export interface Lineup<C extends Candidate> {
  /**
   * Those that have candidates, in their order. Empty when nobody may have traffic. When every tier is in panic they are
   * one pool, under the number of the first.
   */
  readonly tiers: readonly Tier<C>[]
  /** The tier that traffic goes to while all is well: any other one has it by spilling over. */
  readonly firstTier: number
  /** Whether one of the tiers is in panic. */
  readonly isPanic: boolean
  /** When it is out of date although no status changed, in milliseconds of the shared clock; Infinity = never. */
  readonly until: number
}

/** How a lineup is made. */
export interface LineupSettings {
  /** Below this share of well candidates, in percent, all are used; 0 = never. */
  readonly panicThreshold: number
  readonly slowStart: SlowStart | undefined
}

/** Candidates of one tier that no operator took out and whose weight is above 0. */
interface Members<C extends Candidate> {
  readonly tier: number
  readonly inService: C[]
  readonly well: C[]
}

const OUT_OF_SERVICE = STATUS.draining | STATUS.disabled
/** Steps of a slow start: shares are worked out anew that often. */
const SLOW_START_STEPS = 100

/**
 * Draws up who may have new traffic. A candidate that an operator took out, or whose weight is 0, never may; one that
 * is ill or ejected may only in a panic.
 *
 * Panic is Envoy's: a tier where fewer than the threshold are well uses all that it has, unless other tiers can bear its
 * traffic, which then spills over to them. When that comes to every tier, all of all tiers are one pool.
 *
 * @param now - Milliseconds of the shared clock.
 * @see https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/panic_threshold
 */
export function drawLineup<C extends Candidate>(
  candidates: readonly C[],
  { panicThreshold, slowStart }: LineupSettings,
  now: number
): Lineup<C> {
  const firstTier = candidates.reduce((least, { tier }) => Math.min(least, tier), Infinity)
  const members = membersByTier(candidates)
  const panics = panicsOf(members, panicThreshold)
  if (members.length > 0 && panics.every(Boolean)) {
    const all = candidates.filter(isInService)
    const tier = { tier: firstTier, share: 1, isPanic: true, ...pool(all, ({ weight }) => weight) }
    return { tiers: [tier], firstTier, isPanic: true, until: Infinity }
  }
  let until = Infinity
  const weightOf = (candidate: C): number => {
    if (slowStart === undefined) return candidate.weight
    const age = slowStartAge(candidate, now)
    if (age >= slowStart.window) return candidate.weight
    until = now + Math.max(1, slowStart.window / SLOW_START_STEPS)
    return candidate.weight * slowStartShare(age, slowStart)
  }
  const shares = spill(members.map(healthOf))
  const tiers = members.flatMap(({ tier, inService, well }, index) => {
    const isPanic = panics[index]!
    const used = isPanic ? inService : well
    if (used.length === 0) return []
    return [{ tier, share: shares[index]!, isPanic, ...pool(used, weightOf) }]
  })
  return { tiers, firstTier, isPanic: panics.some(Boolean), until }
}

function isInService({ status, weight }: Candidate): boolean {
  return (status & OUT_OF_SERVICE) === 0 && weight > 0
}

/** In the order of the tiers. */
function membersByTier<C extends Candidate>(candidates: readonly C[]): Members<C>[] {
  const byTier = new Map<number, Members<C>>()
  for (const candidate of candidates) {
    const { status, tier } = candidate
    if (!isInService(candidate)) continue
    let members = byTier.get(tier)
    if (!members) byTier.set(tier, (members = { tier, inService: [], well: [] }))
    members.inService.push(candidate)
    if (status === 0) members.well.push(candidate)
  }
  return [...byTier.values()].toSorted((a, b) => a.tier - b.tier)
}

function healthOf<C extends Candidate>({ inService, well }: Members<C>): number {
  return well.length / inService.length
}

function panicsOf<C extends Candidate>(members: readonly Members<C>[], threshold: number): boolean[] {
  const canBearAll = totalHealth(members.map(healthOf)) === 1
  return members.map((own) => {
    const canSpill = canBearAll && members.some((other) => other !== own && other.well.length > 0)
    return !canSpill && own.well.length * 100 < threshold * own.inService.length
  })
}

function pool<C extends Candidate>(candidates: readonly C[], weightOf: (candidate: C) => number): Pool<C> {
  const weights = Float64Array.from(candidates, weightOf)
  return { candidates, weights, isEven: weights.every((weight) => weight === weights[0]) }
}

/** Milliseconds since its slow start began; Infinity when it is in none. */
function slowStartAge({ slowStartAt }: Candidate, now: number): number {
  return slowStartAt === 0 ? Infinity : ageOf(slowStartAt, stamp(now))
}
