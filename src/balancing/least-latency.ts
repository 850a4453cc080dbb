import { ageOf, stamp } from '../shared-clock.ts'
import type { Algorithm, AlgorithmOptions, Exclusion, Pool } from './algorithm.ts'
import type { Candidate } from './candidate.ts'
import { firstFrom } from './first-from.ts'
import { shareBelieved } from './peak-ewma.ts'
import { PerPool } from './per-pool.ts'
import { WeightedDraw } from './weighted-draw.ts'

/** Up to so many candidates, all are looked at. */
const MOST_LOOKED_AT = 64
/**
 * Above that, so many random choices are. With 20 of 100 slow, p99 is 2.7 times that of all with two choices, 6 % more
 * with four, 2 % with eight and the same with sixteen (test/balancing/tail.ts).
 */
const CHOICES = 8
/** How long a pool's median is used before it is worked out anew, in milliseconds. */
const MEDIAN_AGE = 50
/** How far a value has to be believed still, to count for the median. */
const LEAST_BELIEVED = 0.5
/** The cost is divided by so much minus the utilization: one that is at its limit costs 20 times as much as an idle one. */
const UTILIZATION_ROOM = 1.05

/**
 * Least expected time to the first byte: peak EWMA of it ({@link decayedPeak}) × (in flight + 1) ÷ weight.
 *
 * A value that nobody renews turns into the median of the pool ({@link shareBelieved}), so that one that was slow is
 * tried again, yet not preferred: as the in-flight count grows at once, it gets one or two requests until they are
 * answered. The same median stands in for a cold one.
 */
export class LeastLatency<C extends Candidate> implements Algorithm<C> {
  readonly #now: () => number
  readonly #draw: WeightedDraw<C>
  readonly #medians = new PerPool<Pool<C>, Median<C>>((pool) => new Median(pool))
  /** Of each tier, the place behind that of the last pick: there the next one begins, as equal ones take turns. */
  readonly #next: number[] = []
  /** What the current pick goes by, and what it found last. Fields: a number that is passed on may cost an allocation. */
  #moment = 0
  #median = 1
  #cost = 0

  constructor(options: AlgorithmOptions) {
    this.#now = options.now
    this.#draw = new WeightedDraw(options)
  }

  pick(pool: Pool<C>, exclusion: Exclusion<C>): C | undefined {
    if (pool.candidates.length === 0) return undefined
    this.#moment = stamp(this.#now())
    this.#median = this.#medians.of(pool).at(this.#moment)
    return pool.candidates.length <= MOST_LOOKED_AT
      ? this.#pickOfAll(pool, exclusion)
      : this.#pickOfSome(pool, exclusion)
  }

  #pickOfAll(pool: Pool<C>, exclusion: Exclusion<C>): C | undefined {
    const { candidates } = pool
    const count = candidates.length
    const { tier } = candidates[0]!
    let least = Infinity
    let best: C | undefined
    let index = firstFrom(candidates, this.#next[tier] ?? 0)
    for (let step = 0; step < count; step++, index++) {
      if (index === count) index = 0
      const candidate = candidates[index]!
      if (exclusion.excludes(candidate)) continue
      this.#setCost(pool, index)
      if (best && this.#cost >= least) continue
      least = this.#cost
      best = candidate
    }
    if (best) this.#next[tier] = best.place + 1
    return best
  }

  /** The draws are by weight: one that weighs as much as all others must be among the choices every other time. */
  #pickOfSome(pool: Pool<C>, exclusion: Exclusion<C>): C | undefined {
    let least = Infinity
    let best: C | undefined
    for (let choice = 0; choice < CHOICES; choice++) {
      const index = this.#draw.draw(pool, exclusion)
      if (index === -1) return best
      this.#setCost(pool, index)
      if (best && this.#cost >= least) continue
      least = this.#cost
      best = pool.candidates[index]!
    }
    return best
  }

  #setCost({ candidates, weights }: Pool<C>, index: number): void {
    const candidate = candidates[index]!
    const { latency, utilization } = candidate
    const median = this.#median
    const now = this.#moment
    const believed = latency === 0 ? 0 : shareBelieved(ageOf(candidate.latencyAt, now))
    const expected = median + (latency - median) * believed
    const cost = (expected * (candidate.inFlight + 1)) / weights[index]!
    // By an age of its own: one that stopped reporting goes on answering.
    const load = utilization === 0 ? 0 : utilization * shareBelieved(ageOf(candidate.utilizationAt, now))
    this.#cost = cost / (1 - load / UTILIZATION_ROOM)
  }
}

/**
 * The median of what is known of a pool's candidates, in microseconds; 1 as long as nothing is. Values that are hardly
 * believed any more count only where there are no others: else most of a pool, once slow, would be its own measure, and
 * never be tried again as long as one of the others is quick.
 */
class Median<C extends Candidate> {
  readonly #candidates: readonly C[]
  readonly #known: Float64Array
  #value = 0
  #at = 0

  constructor({ candidates }: Pool<C>) {
    this.#candidates = candidates
    this.#known = new Float64Array(candidates.length)
  }

  at(now: number): number {
    if (this.#value === 0 || ageOf(this.#at, now) >= MEDIAN_AGE) {
      this.#value = this.#workOut(now)
      this.#at = now
    }
    return this.#value
  }

  #workOut(now: number): number {
    return this.#medianOfThoseBelieved(LEAST_BELIEVED, now) || this.#medianOfThoseBelieved(0, now) || 1
  }

  /** 0 when there are none. */
  #medianOfThoseBelieved(share: number, now: number): number {
    const known = this.#known
    let unknown = 0
    for (let index = 0; index < known.length; index++) {
      const { latency, latencyAt } = this.#candidates[index]!
      const isKnown = latency !== 0 && shareBelieved(ageOf(latencyAt, now)) >= share
      known[index] = isKnown ? latency : 0
      if (!isKnown) unknown++
    }
    if (unknown === known.length) return 0
    known.sort()
    // The lower one of two: of one that is quick and one that is slow, the quick one is what is normal.
    return known[unknown + ((known.length - unknown - 1) >> 1)]!
  }
}
