import { type Candidate, STATUS } from './candidate.ts'
import type { Lineup, Tier } from './lineup.ts'

/** Why a candidate may have new traffic, or may not. Those of the accepted are reasons of a pick. */
export type VerdictReason =
  /** Accepted: the plain case. */
  | 'balanced'
  /** Accepted: it takes what spills over from the tiers before its own. */
  | 'spilled'
  /** Accepted whatever its health: too few are well. */
  | 'panic'
  /** An operator took it out. */
  | 'disabled'
  /** An operator lets it run empty: it keeps the sessions that it has. */
  | 'draining'
  /** Only the sessions that it has. */
  | 'weight_zero'
  /** Active probes say so. */
  | 'ill'
  /** Real traffic says so. */
  | 'ejected'
  /** It has as many in flight as it may. */
  | 'at_capacity'
  /** The tiers before its own bear everything. */
  | 'spare_tier'

/** Whether a new request may go to a candidate now. */
export interface Verdict<C extends Candidate> {
  readonly candidate: C
  readonly accepted: boolean
  readonly reason: VerdictReason
  /**
   * Its share of new traffic by tiers and weights, 0 to 1; those of the accepted add up to 1. What an algorithm makes of
   * it (fewest in flight, a request's key) is not part of it.
   */
  readonly share: number
}

/**
 * Says of every candidate whether a new request may go to it now, and why.
 *
 * @param candidates - All of the group.
 * @param lineup - As drawn from them just now.
 */
export function verdictsOf<C extends Candidate>(
  candidates: readonly C[],
  lineup: Lineup<C>
): readonly Verdict<C>[] {
  const byCandidate = new Map<C, Verdict<C>>()
  const openTiers = lineup.tiers.map(openTier)
  // As a pick does it: where the tier whose turn it is has nobody left, the first that has takes its place.
  const standIn = openTiers.find(({ openWeight }) => openWeight > 0)
  const lost = openTiers.reduce((sum, { tier, openWeight }) => sum + (openWeight > 0 ? 0 : tier.share), 0)
  for (const open of openTiers) {
    const share = open.tier.share + (open === standIn ? lost : 0)
    for (const verdict of verdictsInTier(open, share, lineup)) byCandidate.set(verdict.candidate, verdict)
  }
  return candidates.map((candidate) => byCandidate.get(candidate) ?? rejected(candidate, absence(candidate)))
}

/** A tier and what of it is not full. */
interface OpenTier<C extends Candidate> {
  readonly tier: Tier<C>
  readonly isOpen: readonly boolean[]
  readonly openWeight: number
}

function openTier<C extends Candidate>(tier: Tier<C>): OpenTier<C> {
  const isOpen = tier.candidates.map(({ isFull }) => !isFull)
  const openWeight = tier.weights.reduce((sum, weight, index) => sum + (isOpen[index] ? weight : 0), 0)
  return { tier, isOpen, openWeight }
}

function verdictsInTier<C extends Candidate>(
  { tier, isOpen, openWeight }: OpenTier<C>,
  share: number,
  { firstTier }: Lineup<C>
): readonly Verdict<C>[] {
  const reason = tier.isPanic ? 'panic' : tier.tier === firstTier ? 'balanced' : 'spilled'
  return tier.candidates.map((candidate, index) => {
    if (!isOpen[index]) return rejected(candidate, 'at_capacity')
    if (share === 0) return rejected(candidate, 'spare_tier')
    return { candidate, accepted: true, reason, share: (share * tier.weights[index]!) / openWeight }
  })
}

function rejected<C extends Candidate>(candidate: C, reason: VerdictReason): Verdict<C> {
  return { candidate, accepted: false, reason, share: 0 }
}

/** Why a candidate is in no tier: what an operator decided comes first. */
function absence({ status, weight }: Candidate): VerdictReason {
  if (status & STATUS.disabled) return 'disabled'
  if (status & STATUS.draining) return 'draining'
  if (weight === 0) return 'weight_zero'
  return status & STATUS.ill ? 'ill' : 'ejected'
}
