/** Looks at a lock before it sleeps: whoever holds one is done within a microsecond, unless its thread was set aside. */
const SPINS = 200
/**
 * How long it sleeps between two looks, in milliseconds. Nobody is woken: a lock that must know of sleepers costs every
 * request, and hardly one ever sleeps.
 */
const NAP = 0.1

/** Ways of a bucket in a large table. More would fill it better, fewer are searched faster. */
const WAYS = 16

/** The size of a hash table in shared memory. */
export interface BucketLayout {
  readonly buckets: number
  /** Hashes that have room in one bucket. */
  readonly ways: number
  /** 64-bit words of a bucket. All of it lies together: a request of a rare key waits for memory, not for the processor. */
  readonly size: number
}

/**
 * Lays out a table of at most so many hashes, and hardly fewer.
 *
 * @param places - At least 1.
 * @param wordsOf - 64-bit words that a bucket of so many ways has besides its lock and hashes.
 */
export function bucketLayout(places: number, wordsOf: (ways: number) => number): BucketLayout {
  const buckets = Math.max(1, Math.floor(places / WAYS))
  const ways = Math.floor(places / buckets)
  return { buckets, ways, size: 1 + ways + wordsOf(ways) }
}

/** Bytes of a table. */
export function bucketBytes({ buckets, size }: BucketLayout): number {
  return 8 * buckets * size
}

/**
 * A hash table of fixed size in memory that all threads share: buckets of a few ways, each with a lock that is held for
 * some hundred nanoseconds. It knows only who has a way; what stands behind the hashes is its owner's. A bucket goes by
 * the place of its first 64-bit word.
 */
export class SharedBuckets {
  readonly #buckets: number
  readonly #ways: number
  readonly #size: number
  /** Of a bucket: its lock, an unused word, then two words of each hash. A way that is nobody's is that of the hash 0. */
  readonly #words: Int32Array
  readonly #mark: number

  /** @param row - The calling thread's, from 0. */
  constructor(buffer: SharedArrayBuffer, { buckets, ways, size }: BucketLayout, row: number) {
    this.#buckets = buckets
    this.#ways = ways
    this.#size = size
    this.#words = new Int32Array(buffer)
    this.#mark = row + 1
  }

  /** The bucket of a hash. */
  bucketOf(hi: number): number {
    // Scaled, not taken modulo: the layout knows no powers of two.
    return Math.floor(((hi >>> 0) / 2 ** 32) * this.#buckets) * this.#size
  }

  /** The first of the owner's words in a bucket. */
  wordsOf(bucket: number): number {
    return bucket + 1 + this.#ways
  }

  /** Takes a bucket's lock. Between this and {@link unlock} nothing may throw, wait or call out. */
  lock(bucket: number): void {
    if (Atomics.compareExchange(this.#words, 2 * bucket, 0, this.#mark) !== 0) this.#lockLater(2 * bucket)
  }

  unlock(bucket: number): void {
    Atomics.store(this.#words, 2 * bucket, 0)
  }

  /** @returns The way that a hash has in its bucket, from 0, or -1. */
  find(bucket: number, lo: number, hi: number): number {
    const words = this.#words
    const first = 2 * bucket + 2
    for (let way = 0; way < this.#ways; way++) {
      if (words[first + 2 * way] === lo && words[first + 2 * way + 1] === hi) return way
    }
    return -1
  }

  /** Gives a way to a hash; whoever had it has it no longer. */
  assign(bucket: number, way: number, lo: number, hi: number): void {
    const at = 2 * bucket + 2 + 2 * way
    this.#words[at] = lo
    this.#words[at + 1] = hi
  }

  /** Opens the locks that a thread held when it died. */
  releaseLocksOf(row: number): void {
    const words = this.#words
    const mark = row + 1
    for (let bucket = 0; bucket < this.#buckets; bucket++) {
      const lock = 2 * bucket * this.#size
      if (Atomics.load(words, lock) === mark) Atomics.compareExchange(words, lock, mark, 0)
    }
  }

  #lockLater(lock: number): void {
    const words = this.#words
    for (let looks = 1; ; looks++) {
      // Looked at first: a try takes the word's cache line away from whoever holds the lock.
      const holder = Atomics.load(words, lock)
      if (holder === 0) {
        if (Atomics.compareExchange(words, lock, 0, this.#mark) === 0) return
      } else if (looks > SPINS) {
        Atomics.wait(words, lock, holder, NAP)
      }
    }
  }
}
