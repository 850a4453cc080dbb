import { type HashSecret, KeyHash } from './key-hash.ts'

/** How long a lease may be used, in milliseconds. */
export const LEASE_TTL = 150
/** A key that used up what it was granted within this is hot, in milliseconds. */
const HOT = 50
/** Of the burst, at most so much is leased to one thread: a part in so many. */
const BURST_SHARE = 20
/** The largest lease, as a cost. */
const LARGEST = 500

/** Places of one set: a key may stand in any place of its set. */
const WAYS = 4
const SETS = 64

/** The most that a thread holds of a key, as a cost: a twentieth of the burst, up to 500. Below a burst of 20 it is nothing. */
export function largestLease(burst: number): number {
  return Math.min(LARGEST, Math.floor(burst / BURST_SHARE))
}

/**
 * What one thread was granted ahead of need, of the keys of one limit that it is asked for most. A lease is used up, or
 * lost after {@link LEASE_TTL}. The memory is fixed: 256 keys, of which the one asked for longest ago makes room.
 *
 * What is held of a key, and what is asked for and on its way, is together never more than the largest lease.
 */
export class Leases {
  readonly #largest: number
  readonly #hash: KeyHash
  readonly #lo = new Int32Array(SETS * WAYS)
  readonly #hi = new Int32Array(SETS * WAYS)
  /** Cost that is left. */
  readonly #left = new Int32Array(SETS * WAYS)
  readonly #until = new Float64Array(SETS * WAYS)
  /** When the store was asked for the key the last time. */
  readonly #askedAt = new Float64Array(SETS * WAYS).fill(-Infinity)
  /** How much the key would be granted ahead. */
  readonly #size = new Int32Array(SETS * WAYS)
  /** The wish that is on its way; 0 = none. */
  readonly #ticket = new Int32Array(SETS * WAYS)
  #lastTicket = 0
  #place = -1

  /** @param secret - Random: which keys share a set is nobody's to know. */
  constructor(burst: number, secret: HashSecret) {
    this.#largest = largestLease(burst)
    this.#hash = new KeyHash(secret)
  }

  /** Cost that is left of the key that {@link use} was called for last. */
  get left(): number {
    return this.#place === -1 ? 0 : this.#left[this.#place]!
  }

  /** Takes the cost of a request from what the key was granted. @returns Whether that was enough. */
  use(key: string, cost: number, now: number): boolean {
    if (this.#largest === 0) return false
    this.#place = this.#find(key)
    if (this.#place === -1) return false
    const left = this.#left[this.#place]!
    if (left === 0) return false
    if (now >= this.#until[this.#place]!) this.#left[this.#place] = 0
    else if (left >= cost) {
      this.#left[this.#place] = left - cost
      return true
    }
    return false
  }

  /**
   * How much more than it needs the key should be granted, now that {@link use} has failed and the store is asked.
   * What is more than 0 has a {@link ticket}: whoever asks must come back with it to {@link add}, whatever came of it.
   */
  wish(key: string, cost: number, now: number): number {
    if (this.#largest < cost) return 0
    const place = this.#place === -1 ? this.#assign(key) : this.#place
    this.#place = place
    const pause = now - this.#askedAt[place]!
    this.#askedAt[place] = now
    if (this.#ticket[place] !== 0) return 0
    const size = this.#size[place]!
    this.#size[place] = pause < HOT ? Math.min(this.#largest, Math.max(cost, 2 * size)) : size >> 1
    const wish = this.#size[place] - this.#left[place]!
    if (wish < cost) return 0
    this.#lastTicket = (this.#lastTicket + 1) & 0x7fffffff || 1
    this.#ticket[place] = this.#lastTicket
    return wish
  }

  /** Of the last {@link wish}. */
  get ticket(): number {
    return this.#lastTicket
  }

  /**
   * Keeps what was granted ahead of need, if the wish is still the key's.
   *
   * @param granted - 0 when nothing came of the wish.
   * @param since - When it was asked for.
   */
  add(key: string, ticket: number, granted: number, since: number): void {
    const place = this.#find(key)
    if (place === -1 || this.#ticket[place] !== ticket) return
    this.#ticket[place] = 0
    if (granted === 0) return
    this.#left[place] = this.#left[place]! + granted
    this.#until[place] = since + LEASE_TTL
  }

  #find(key: string): number {
    this.#hash.of(key)
    const { lo, hi } = this.#hash
    const first = WAYS * ((hi >>> 0) % SETS)
    for (let place = first; place < first + WAYS; place++) {
      if (this.#lo[place] === lo && this.#hi[place] === hi && this.#askedAt[place] !== -Infinity) return place
    }
    return -1
  }

  #assign(key: string): number {
    this.#hash.of(key)
    const { lo, hi } = this.#hash
    const first = WAYS * ((hi >>> 0) % SETS)
    let oldest = first
    for (let place = first + 1; place < first + WAYS; place++) {
      if (this.#askedAt[place]! < this.#askedAt[oldest]!) oldest = place
    }
    this.#lo[oldest] = lo
    this.#hi[oldest] = hi
    this.#left[oldest] = 0
    this.#size[oldest] = 0
    this.#ticket[oldest] = 0
    this.#askedAt[oldest] = -Infinity
    return oldest
  }
}
