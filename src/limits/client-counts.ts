import { getRandomValues } from 'node:crypto'
import { type HashSecret, KeyHash } from './key-hash.ts'
import { bucketBytes, type BucketLayout, bucketLayout, SharedBuckets } from './shared-buckets.ts'

/** Addresses that are told apart at once. */
const PLACES = 16_384

/** What is counted of connections that came and went, by its place in a thread's row; it only grows. */
const TALLY = { accepted: 0, refused: 1, refusedOfOne: 2, evicted: 3 } as const
const TALLIES = 4

/** What became of connections so far, over all threads. */
export type ConnectionTallies = Readonly<Record<keyof typeof TALLY, number>>

/** Counts of connections as they are handed to a thread. */
export interface ClientCountsShare {
  /** Those by address. */
  readonly buffer: SharedArrayBuffer
  /** A word per thread. */
  readonly totals: SharedArrayBuffer
  /** Counters of each thread, 64-bit floats: {@link TALLY}. */
  readonly tallies: SharedArrayBuffer
  readonly rows: number
  readonly places: number
  readonly secret: HashSecret
}

/** Lays out counts for so many threads. @param places - Addresses with connections that are told apart at once. */
export function createClientCounts(rows: number, places = PLACES): ClientCountsShare {
  const [k0 = 0, k1 = 0] = getRandomValues(new Int32Array(2))
  const buffer = new SharedArrayBuffer(bucketBytes(layoutOf(rows, places)))
  const totals = new SharedArrayBuffer(4 * rows)
  const tallies = new SharedArrayBuffer(8 * rows * TALLIES)
  return { buffer, totals, tallies, rows, places, secret: [k0, k1] }
}

/** Behind its hashes, a bucket has a word of 32 bits for each way and thread. */
function layoutOf(rows: number, places: number): BucketLayout {
  return bucketLayout(places, (ways) => Math.ceil((ways * rows) / 2))
}

/** What stands for an address that has no place: its connections are not counted. */
export const UNCOUNTED = -1

/**
 * How many connections there are over all threads, in all and by address, in memory of fixed size. Each thread writes words
 * of its own, so that a dead one's are undone by zeroing them. An address has a place while it has connections; one that
 * finds its bucket full of others goes uncounted: to refuse it would let a crowd lock out whom it likes.
 */
export class ClientCounts {
  readonly #layout: BucketLayout
  readonly #buckets: SharedBuckets
  readonly #hash: KeyHash
  readonly #rows: number
  readonly #row: number
  readonly #totals: Int32Array
  readonly #words: Int32Array
  readonly #tallies: Float64Array
  /** After {@link enter}, connections of that address over all threads. */
  count = 0

  /** @param row - The calling thread's; -1 for whoever only clears others'. */
  constructor({ buffer, totals, tallies, rows, places, secret }: ClientCountsShare, row: number) {
    this.#layout = layoutOf(rows, places)
    this.#buckets = new SharedBuckets(buffer, this.#layout, row)
    this.#hash = new KeyHash(secret)
    this.#rows = rows
    this.#row = row
    this.#totals = new Int32Array(totals)
    this.#words = new Int32Array(buffer)
    this.#tallies = new Float64Array(tallies)
  }

  /** Connections over all threads. */
  get total(): number {
    return sum(this.#totals, 0, this.#rows)
  }

  /** Counts a connection in. */
  open(): void {
    Atomics.add(this.#totals, this.#row, 1)
  }

  /** Counts what became of a connection. */
  tally(what: keyof ConnectionTallies): void {
    this.#tallies[this.#row * TALLIES + TALLY[what]]!++
  }

  /** What became of connections so far, over all threads. */
  get tallies(): ConnectionTallies {
    const of = (place: number): number => {
      let total = 0
      for (let row = 0; row < this.#rows; row++) total += this.#tallies[row * TALLIES + place]!
      return total
    }
    return {
      accepted: of(TALLY.accepted),
      refused: of(TALLY.refused),
      refusedOfOne: of(TALLY.refusedOfOne),
      evicted: of(TALLY.evicted)
    }
  }

  /** Counts it out. */
  close(): void {
    Atomics.sub(this.#totals, this.#row, 1)
  }

  /**
   * Counts a connection of an address in; {@link count} is then what it has.
   *
   * @returns What {@link leave} is to be given; {@link UNCOUNTED} when there was no place, with a count of 0.
   */
  enter(address: string): number {
    this.#hash.of(address)
    const { lo, hi } = this.#hash
    const bucket = this.#buckets.bucketOf(hi)
    this.#buckets.lock(bucket)
    let way = this.#buckets.find(bucket, lo, hi)
    if (way === -1) {
      way = this.#freeWay(bucket)
      if (way !== -1) this.#buckets.assign(bucket, way, lo, hi)
    }
    const place = way === -1 ? UNCOUNTED : this.#placeOf(bucket, way)
    if (place === UNCOUNTED) this.count = 0
    else {
      Atomics.add(this.#words, place + this.#row, 1)
      this.count = sum(this.#words, place, this.#rows)
    }
    this.#buckets.unlock(bucket)
    return place
  }

  /** Counts it out. */
  leave(place: number): void {
    if (place !== UNCOUNTED) Atomics.sub(this.#words, place + this.#row, 1)
  }

  /** A thread has died, and its connections with it. */
  clearRow(row: number): void {
    Atomics.store(this.#totals, row, 0)
    const { buckets, size, ways } = this.#layout
    for (let bucket = 0; bucket < buckets * size; bucket += size) {
      for (let way = 0; way < ways; way++) Atomics.store(this.#words, this.#placeOf(bucket, way) + row, 0)
    }
    this.#buckets.releaseLocksOf(row)
  }

  /** @returns A way of a bucket whose address has no connections any more, or -1. */
  #freeWay(bucket: number): number {
    for (let way = 0; way < this.#layout.ways; way++) {
      if (sum(this.#words, this.#placeOf(bucket, way), this.#rows) === 0) return way
    }
    return -1
  }

  /** The first word of a way. */
  #placeOf(bucket: number, way: number): number {
    return 2 * this.#buckets.wordsOf(bucket) + way * this.#rows
  }
}

function sum(words: Int32Array, first: number, length: number): number {
  let total = 0
  for (let index = first; index < first + length; index++) total += Atomics.load(words, index)
  return total
}
