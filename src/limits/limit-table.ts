import type { Pace } from './gcra.ts'
import { type HashSecret, KeyHash } from './key-hash.ts'
import { type BucketLayout, bucketBytes, bucketLayout, SharedBuckets } from './shared-buckets.ts'

/** A table of a limit as it is handed from thread to thread. */
export interface LimitTableShare {
  readonly buffer: SharedArrayBuffer
  readonly maxKeys: number
  readonly secret: HashSecret
}

/** What came of a request; of a table it holds until the table is asked again. */
export interface Verdict {
  readonly isAdmitted: boolean
  /** Requests (of cost 1) that the key may still send at once. */
  readonly remaining: number
  /** Milliseconds until a request of the same cost would be let through; 0 when it was. */
  readonly retryAfter: number
  /** Milliseconds until the key may send its whole burst again. */
  readonly reset: number
}

/** Makes the memory of a table for at most so many keys. @param secret - Random, of this table. */
export function createLimitTable(maxKeys: number, secret: HashSecret): LimitTableShare {
  const layout = bucketLayout(maxKeys)
  // Behind the places, each bucket has one more TAT: of all whom it has no place for.
  const tats = layout.buckets * (layout.ways + 1)
  return { buffer: new SharedArrayBuffer(bucketBytes(layout) + 8 * tats), maxKeys, secret }
}

/**
 * The theoretical arrival times of a limit's keys, in memory that all threads share: a decision is made under a lock,
 * so that the limit holds exactly over all threads. Keys are known by a keyed hash of 64 bits. The memory is fixed.
 *
 * A new key takes a place whose owner has its whole burst, and so loses nothing; else that of whom has used up least.
 * Whoever is denied keeps its place whatever comes, or a flood of new keys would set it free. Where all of a bucket
 * are, newcomers share one allowance.
 */
export class LimitTable implements Verdict {
  readonly #layout: BucketLayout
  readonly #buckets: SharedBuckets
  readonly #tats: Float64Array
  readonly #hash: KeyHash
  isAdmitted = false
  remaining = 0
  retryAfter = 0
  reset = 0

  /** @param row - The calling thread's, from 0. */
  constructor({ buffer, maxKeys, secret }: LimitTableShare, row: number) {
    this.#layout = bucketLayout(maxKeys)
    this.#buckets = new SharedBuckets(buffer, 0, this.#layout, row)
    this.#tats = new Float64Array(buffer, bucketBytes(this.#layout))
    this.#hash = new KeyHash(secret)
  }

  /**
   * Lets a request through, or not. What came of it stands in the table's own fields.
   *
   * @param cost - 1 to the burst.
   * @param now - Milliseconds of the clock that all threads share.
   * @param keep - Debt that keeps a key its place, as a cost: whoever may not send this much is denied.
   */
  take(key: string, cost: number, now: number, pace: Pace, keep = cost): this {
    return this.#decide(key, cost, now, pace, keep, 0)
  }

  /**
   * Lets a request through, or not, where somebody else counts too.
   *
   * @param debt - Milliseconds of debt that the key is known to have at least.
   */
  takeAbove(debt: number, key: string, cost: number, now: number, pace: Pace): this {
    return this.#decide(key, cost, now, pace, cost, debt)
  }

  #decide(key: string, cost: number, now: number, pace: Pace, keep: number, least: number): this {
    const ticks = pace.at(now)
    const bucket = this.#find(key)
    this.#buckets.lock(bucket)
    const place = this.#placeOf(bucket, ticks, pace, keep)
    const before = Math.max(pace.debt(this.#tats[place]!, ticks), Math.ceil(least / pace.tick))
    const wait = pace.wait(before, cost)
    const after = wait > 0 ? before : before + cost * pace.interval
    this.#tats[place] = ticks + after
    this.#buckets.unlock(bucket)
    this.isAdmitted = wait <= 0
    this.remaining = pace.room(after)
    this.retryAfter = wait > 0 ? pace.milliseconds(wait) : 0
    this.reset = pace.milliseconds(after)
    return this
  }

  /** Gives back what a request was let through for that did not come about; no more than what the key still owes. */
  refund(key: string, cost: number, now: number, pace: Pace): void {
    this.#change(key, now, pace, (debt) => Math.max(0, debt - cost * pace.interval))
  }

  /** Makes a key's debt as large as somebody else says at least. @param least - Milliseconds. */
  raise(key: string, least: number, now: number, pace: Pace): void {
    this.#change(key, now, pace, (debt) => Math.min(pace.depth, Math.max(debt, Math.ceil(least / pace.tick))))
  }

  /** What a key has used up, in milliseconds; 0 for one that is not known. */
  debtOf(key: string, now: number, pace: Pace): number {
    const ticks = pace.at(now)
    const bucket = this.#find(key)
    this.#buckets.lock(bucket)
    const place = this.#buckets.find(bucket, this.#hash.lo, this.#hash.hi)
    const debt = place === -1 ? 0 : pace.debt(this.#tats[place]!, ticks)
    this.#buckets.unlock(bucket)
    return pace.milliseconds(debt)
  }

  /** Opens the locks of a thread that died. */
  releaseLocksOf(row: number): void {
    this.#buckets.releaseLocksOf(row)
  }

  #change(key: string, now: number, pace: Pace, change: (debt: number) => number): void {
    const ticks = pace.at(now)
    const bucket = this.#find(key)
    this.#buckets.lock(bucket)
    const place = this.#placeOf(bucket, ticks, pace, 1)
    this.#tats[place] = ticks + change(pace.debt(this.#tats[place]!, ticks))
    this.#buckets.unlock(bucket)
  }

  #find(key: string): number {
    this.#hash.of(key)
    // Both words 0 would be nobody's.
    if (this.#hash.lo === 0 && this.#hash.hi === 0) this.#hash.lo = 1
    return this.#buckets.bucketOf(this.#hash.hi)
  }

  /** The place of the key that was just hashed, given to it if need be; the bucket's shared one when there is none. */
  #placeOf(bucket: number, ticks: number, pace: Pace, keep: number): number {
    const { lo, hi } = this.#hash
    const known = this.#buckets.find(bucket, lo, hi)
    if (known !== -1) return known
    const first = this.#buckets.firstPlace(bucket)
    let best = -1
    // Whoever owes as much as this is denied.
    let least = pace.depth - keep * pace.interval + 1
    for (let place = first; place < first + this.#layout.ways; place++) {
      const debt = pace.debt(this.#tats[place]!, ticks)
      if (debt >= least) continue
      best = place
      least = debt
      if (debt === 0) break
    }
    if (best === -1) return this.#layout.buckets * this.#layout.ways + bucket
    this.#buckets.assign(best, lo, hi)
    this.#tats[best] = 0
    return best
  }
}
