import type { Algorithm, Exclusion, PickNote } from './algorithm.ts'
import type { Candidate } from './candidate.ts'
import { drawLineup, type Lineup, type LineupSettings, type Tier } from './lineup.ts'

/** How a pick came about, as data; `balanced` is the plain case. */
export type PickReason =
  | 'balanced'
  | PickNote
  /** It went to another tier than the first. */
  | 'spilled'
  /** Too few are well: it went by all of them. */
  | 'panic'

/** Why there was nobody to pick, as data. */
export type NobodyReason =
  /** Nobody may have traffic: ill, ejected, draining, disabled. */
  | 'no_usable_backend'
  /** Those who may have traffic have as much as they may. */
  | 'at_capacity'
  /** All were tried for this request. */
  | 'all_tried'

/** What a group's balancer is made with. */
export interface GroupBalancerOptions<C extends Candidate> extends LineupSettings {
  readonly candidates: readonly C[]
  readonly algorithm: Algorithm<C>
  /** Number that changes whenever a status or a slow start of one of the candidates does. */
  readonly epoch: () => number
  readonly random: () => number
  /** Milliseconds of the clock that all threads share. */
  readonly now: () => number
}

/**
 * Picks the backend of a group for one request: tiers, health, administrative state, slow start and caps around an
 * algorithm that knows of none of them. One per group and thread.
 */
export class GroupBalancer<C extends Candidate> implements Exclusion<C> {
  readonly #options: GroupBalancerOptions<C>
  #lineup: Lineup<C>
  #epoch: number
  #tried: readonly C[] = []
  /** Those that became full while the current pick was under way. */
  readonly #refused: C[] = []
  #isAnyFull = false
  #reason: PickReason = 'balanced'
  #nobody: NobodyReason = 'no_usable_backend'

  constructor(options: GroupBalancerOptions<C>) {
    this.#options = options
    this.#epoch = options.epoch()
    this.#lineup = drawLineup(options.candidates, options, options.now())
  }

  /** How the last pick that found somebody came about. */
  get reason(): PickReason {
    return this.#reason
  }

  /** Why the last pick found nobody. */
  get nobody(): NobodyReason {
    return this.#nobody
  }

  /** Who may have new traffic now. */
  get lineup(): Lineup<C> {
    const { epoch, now, candidates } = this.#options
    const current = epoch()
    if (current !== this.#epoch || (this.#lineup.until !== Infinity && now() >= this.#lineup.until)) {
      this.#epoch = current
      this.#lineup = drawLineup(candidates, this.#options, now())
    }
    return this.#lineup
  }

  /**
   * Picks a candidate and counts an attempt in at it: whoever gets it counts it out.
   *
   * @param tried - Those that this request has tried already: they are left out.
   * @param key - Hash of the request's key, an unsigned 32-bit integer.
   */
  pick(tried: readonly C[], key?: number): C | undefined {
    const lineup = this.lineup
    const { tiers } = lineup
    if (tiers.length === 0) {
      this.#nobody = 'no_usable_backend'
      return undefined
    }
    this.#tried = tried
    this.#refused.length = 0
    this.#isAnyFull = false
    const first = tiers.length === 1 ? 0 : this.#drawTier(tiers)
    // The tier whose turn it is may have nobody left: then the others, in their order.
    let picked = this.#pickOf(tiers[first]!, key)
    let tier = tiers[first]!
    for (let index = 0; !picked && index < tiers.length; index++) {
      if (index === first) continue
      tier = tiers[index]!
      picked = this.#pickOf(tier, key)
    }
    if (!picked) this.#nobody = this.#isAnyFull ? 'at_capacity' : 'all_tried'
    else if (tier.isPanic) this.#reason = 'panic'
    else if (tier.tier !== lineup.firstTier) this.#reason = 'spilled'
    else this.#reason = this.#options.algorithm.note ?? 'balanced'
    return picked
  }

  /** Of use to the algorithm alone. */
  get isRetry(): boolean {
    return this.#tried.length > 0
  }

  /** Of use to the algorithm alone. */
  excludes(candidate: C): boolean {
    if (this.#tried.length > 0 && this.#tried.includes(candidate)) return true
    if (!candidate.isFull && !(this.#refused.length > 0 && this.#refused.includes(candidate))) return false
    this.#isAnyFull = true
    return true
  }

  #pickOf(tier: Tier<C>, key: number | undefined): C | undefined {
    const { algorithm } = this.#options
    for (;;) {
      const picked = algorithm.pick(tier, this, key)
      if (!picked || picked.acquire()) return picked
      // Another thread took its last place in the same moment. Left out from now on, so that the search has an end.
      this.#refused.push(picked)
    }
  }

  /** Index of the tier whose turn it is, by their shares. */
  #drawTier(tiers: readonly Tier<C>[]): number {
    let point = this.#options.random()
    let drawn = 0
    for (let index = 0; index < tiers.length; index++) {
      const { share } = tiers[index]!
      if (share === 0) continue
      drawn = index
      point -= share
      if (point < 0) break
    }
    return drawn
  }
}
