/** Looks at a lock before it sleeps: whoever holds one is done within a microsecond, unless its thread was set aside. */
const SPINS = 200
/** How long it sleeps between two looks, in milliseconds. */
const NAP = 1

/** Places of a bucket. More would fill a table better, fewer are searched faster. */
const MAX_WAYS = 16

/** The size of a hash table in shared memory. */
export interface BucketLayout {
  readonly buckets: number
  readonly ways: number
}

/** Lays out a table of at most so many places. @param places - At least 1. */
export function bucketLayout(places: number): BucketLayout {
  const ways = Math.min(MAX_WAYS, places)
  return { ways, buckets: Math.floor(places / ways) }
}

/** Bytes of the locks and hashes of a table, a multiple of 8. */
export function bucketBytes({ buckets, ways }: BucketLayout): number {
  return 8 * Math.ceil((4 * buckets * (1 + 2 * ways)) / 8)
}

/**
 * A hash table of fixed size in memory that all threads share: buckets of a few places, each with a lock that is held
 * for some hundred nanoseconds. It knows only who has a place; what the place stands for is its owner's.
 */
export class SharedBuckets {
  readonly layout: BucketLayout
  readonly #locks: Int32Array
  /** Lower word and upper word of each place's hash; both 0 = nobody's. */
  readonly #hashes: Int32Array
  readonly #mark: number

  /** @param row - The calling thread's, from 0. */
  constructor(buffer: SharedArrayBuffer, offset: number, layout: BucketLayout, row: number) {
    this.layout = layout
    this.#locks = new Int32Array(buffer, offset, layout.buckets)
    this.#hashes = new Int32Array(buffer, offset + 4 * layout.buckets, 2 * layout.buckets * layout.ways)
    this.#mark = row + 1
  }

  /** The bucket of a hash. */
  bucketOf(hi: number): number {
    // Scaled, not taken modulo: the layout knows no powers of two.
    return Math.floor(((hi >>> 0) / 2 ** 32) * this.layout.buckets)
  }

  /** Takes a bucket's lock. Between this and {@link unlock} nothing may throw, wait or call out. */
  lock(bucket: number): void {
    for (let spins = 0; ; spins++) {
      const holder = Atomics.compareExchange(this.#locks, bucket, 0, this.#mark)
      if (holder === 0) return
      if (spins >= SPINS) Atomics.wait(this.#locks, bucket, holder, NAP)
    }
  }

  unlock(bucket: number): void {
    Atomics.store(this.#locks, bucket, 0)
  }

  /** First place of a bucket; the others follow it. */
  firstPlace(bucket: number): number {
    return bucket * this.layout.ways
  }

  /** @returns The place that a hash has in its bucket, or -1. */
  find(bucket: number, lo: number, hi: number): number {
    const first = this.firstPlace(bucket)
    const hashes = this.#hashes
    for (let place = first; place < first + this.layout.ways; place++) {
      if (hashes[2 * place] === lo && hashes[2 * place + 1] === hi) return place
    }
    return -1
  }

  /** Gives a place to a hash; whoever had it has it no longer. */
  assign(place: number, lo: number, hi: number): void {
    this.#hashes[2 * place] = lo
    this.#hashes[2 * place + 1] = hi
  }

  /** Opens the locks that a thread held when it died. */
  releaseLocksOf(row: number): void {
    for (let bucket = 0; bucket < this.layout.buckets; bucket++) {
      Atomics.compareExchange(this.#locks, bucket, row + 1, 0)
    }
  }
}
