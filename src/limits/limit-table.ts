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
  return { buffer: new SharedArrayBuffer(bucketBytes(layoutOf(maxKeys))), maxKeys, secret }
}

/*
 * What a bucket holds behind its hashes: the tick and the whole burst of the pace that its TATs are of; the TAT of each
 * way, and one of all whom there is no way for; and, in words of half the size, the largest cost that the key of each way
 * has asked for since it owed nothing.
 */
const TICK = 0
const WHOLE = 1
const TATS = 2

function layoutOf(maxKeys: number): BucketLayout {
  return bucketLayout(maxKeys, (ways) => TATS + (ways + 1) + Math.ceil((ways + 1) / 2))
}

/**
 * The theoretical arrival times of a limit's keys, in memory that all threads share: a decision is made under a lock,
 * so that the limit holds exactly over all threads. Keys are known by a keyed hash of 64 bits. The memory is fixed.
 *
 * A new key takes a place whose owner has its whole burst, and so loses nothing; else that of whom has used up least.
 * Whoever would be denied now what it asked for before keeps its place whatever comes, or a flood of new keys would set
 * it free. Where all of a bucket would be, newcomers share one allowance.
 *
 * A TAT never goes back but by what is given back, so it does no harm that the clock of a thread that was set aside
 * between reading it and getting the lock is late. When the rate is another one, the debts of a bucket are put into its
 * ticks, and cut to its burst; a thread that still has the old rate finds them cut too.
 */
export class LimitTable implements Verdict {
  readonly #buckets: SharedBuckets
  readonly #ways: number
  readonly #floats: Float64Array
  readonly #integers: Int32Array
  readonly #hash: KeyHash
  isAdmitted = false
  remaining = 0
  retryAfter = 0
  reset = 0

  /** @param row - The calling thread's, from 0. */
  constructor({ buffer, maxKeys, secret }: LimitTableShare, row: number) {
    const layout = layoutOf(maxKeys)
    this.#buckets = new SharedBuckets(buffer, layout, row)
    this.#ways = layout.ways
    this.#floats = new Float64Array(buffer)
    this.#integers = new Int32Array(buffer)
    this.#hash = new KeyHash(secret)
  }

  /**
   * Lets a request through, or not. What came of it stands in the table's own fields.
   *
   * @param cost - 1 to the burst.
   * @param now - Milliseconds of the clock that all threads share.
   */
  take(key: string, cost: number, now: number, pace: Pace): this {
    const ticks = pace.at(now)
    const bucket = this.#open(key, now, pace)
    const way = this.#wayOf(bucket, ticks, pace)
    const tats = this.#tatsOf(bucket)
    const before = Math.max(0, this.#floats[tats + way]! - ticks)
    const wait = pace.wait(before, cost)
    const after = wait > 0 ? before : before + cost * pace.interval
    if (wait <= 0) this.#floats[tats + way] = pace.tat(after, ticks)
    const dearest = this.#costsOf(tats) + way
    if (before === 0 || this.#integers[dearest]! < cost) this.#integers[dearest] = cost
    this.#buckets.unlock(bucket)
    this.isAdmitted = wait <= 0
    this.remaining = Math.max(0, pace.room(after))
    this.retryAfter = wait > 0 ? pace.milliseconds(wait) : 0
    this.reset = pace.milliseconds(after)
    return this
  }

  /**
   * Gives back what a request was let through for that did not come about; no more than what the key still owes. One
   * without a place of its own gets nothing: what it was let through for may be nobody's, or everybody's.
   */
  refund(key: string, cost: number, now: number, pace: Pace): void {
    const bucket = this.#open(key, now, pace)
    const way = this.#find(bucket)
    if (way !== -1) {
      const at = this.#tatsOf(bucket) + way
      // A TAT in the past is as good as now.
      this.#floats[at] = this.#floats[at]! - cost * pace.interval
    }
    this.#buckets.unlock(bucket)
  }

  /**
   * Makes a key's debt as large as somebody else says at least. Where the key has no place and gets none, that is
   * forgotten: it is not the debt of those who share one.
   *
   * @param least - Milliseconds; no more than the burst counts.
   */
  raise(key: string, least: number, now: number, pace: Pace): void {
    const ticks = pace.at(now)
    const bucket = this.#open(key, now, pace)
    const way = this.#wayOf(bucket, ticks, pace)
    const at = this.#tatsOf(bucket) + way
    const debt = Math.min(pace.depth, Math.ceil(least / pace.tick))
    if (way < this.#ways && this.#floats[at]! - ticks < debt) this.#floats[at] = pace.tat(debt, ticks)
    this.#buckets.unlock(bucket)
  }

  /** What a key has used up, in milliseconds; 0 for one that is not known. */
  debtOf(key: string, now: number, pace: Pace): number {
    const bucket = this.#open(key, now, pace)
    const way = this.#find(bucket)
    const debt = way === -1 ? 0 : pace.debt(this.#floats[this.#tatsOf(bucket) + way]!, pace.at(now))
    this.#buckets.unlock(bucket)
    return pace.milliseconds(debt)
  }

  /** Opens the locks of a thread that died. */
  releaseLocksOf(row: number): void {
    this.#buckets.releaseLocksOf(row)
  }

  /** Takes the lock of a key's bucket. */
  #open(key: string, now: number, pace: Pace): number {
    this.#hash.of(key)
    const bucket = this.#buckets.bucketOf(this.#hash.hi)
    this.#buckets.lock(bucket)
    const at = this.#buckets.wordsOf(bucket)
    if (this.#floats[at + TICK] !== pace.tick || this.#floats[at + WHOLE] !== pace.whole) {
      this.#convert(at, now, pace)
    }
    return bucket
  }

  /** Puts a bucket's TATs into the ticks of another pace. @param at - The bucket's words. */
  #convert(at: number, now: number, pace: Pace): void {
    const floats = this.#floats
    const tick = floats[at + TICK]!
    const ticks = pace.at(now)
    for (let tat = at + TATS; tat <= at + TATS + this.#ways; tat++) {
      const debt = Math.ceil((floats[tat]! * tick - now) / pace.tick)
      floats[tat] = debt > 0 ? pace.tat(Math.min(debt, pace.depth), ticks) : 0
    }
    floats[at + TICK] = pace.tick
    floats[at + WHOLE] = pace.whole
  }

  /** Where the TATs of a bucket are. */
  #tatsOf(bucket: number): number {
    return this.#buckets.wordsOf(bucket) + TATS
  }

  /** Where the costs are that belong to these TATs. */
  #costsOf(tats: number): number {
    return 2 * (tats + this.#ways + 1)
  }

  /** The way of the key that was just hashed, or -1. */
  #find(bucket: number): number {
    return this.#buckets.find(bucket, this.#hash.lo, this.#hash.hi)
  }

  /** The way of the key that was just hashed, given to it if need be; the one of all others when there is none. */
  #wayOf(bucket: number, ticks: number, pace: Pace): number {
    const known = this.#find(bucket)
    if (known !== -1) return known
    const tats = this.#tatsOf(bucket)
    const costs = this.#costsOf(tats)
    let best = -1
    let least = Infinity
    for (let way = 0; way < this.#ways; way++) {
      const debt = this.#floats[tats + way]! - ticks
      if (debt <= 0) {
        best = way
        break
      }
      if (debt >= least || pace.wait(debt, this.#integers[costs + way]!) > 0) continue
      best = way
      least = debt
    }
    if (best === -1) return this.#ways
    this.#buckets.assign(bucket, best, this.#hash.lo, this.#hash.hi)
    this.#floats[tats + best] = 0
    this.#integers[costs + best] = 1
    return best
  }
}
